"""Keys, modes and versions."""

from __future__ import annotations

import base64

import pytest
import requests
import stripe

from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.keys import make_test_keys
from tests.emulator.steps import Control, create, pay

LIVE = f"sk_live_51{'a' * 40}"


def test_objects_are_of_test_mode(client):
    assert pay(client).livemode is False


@pytest.mark.parametrize(
    "key", [LIVE, LIVE.replace("sk_", "rk_"), LIVE.replace("sk_", "pk_"), "sk_org_live_abcdefghijklmnopqrstuvwxyz"]
)
def test_a_live_key_is_refused_counted_and_not_recorded(make_client, control, key):
    before = control.get("health")["live_keys_refused"]
    with pytest.raises(stripe.AuthenticationError) as caught:
        create(make_client(key), description="a real order")
    assert caught.value.http_status == 401 and key not in str(caught.value)
    assert control.calls() == []
    assert control.get("health")["live_keys_refused"] == before + 1


@pytest.mark.parametrize(
    "request_with_live_key",
    [
        {"headers": {"Authorization": f"Basic {base64.b64encode(LIVE.encode() + b':').decode()}"}},
        {"params": {"key": LIVE}},
        {"data": {"key": LIVE}},
        {"data": b"amount=%ff", "headers": {"Authorization": f"Bearer {LIVE}"}},
        {"data": {"key": LIVE}, "headers": {"Authorization": "Bearer ours"}},
    ],
)
def test_a_live_key_is_found_wherever_it_stands(emulator, control, request_with_live_key):
    options = {**request_with_live_key}
    headers = {name: value.replace("ours", emulator.keys.secret) for name, value in options.pop("headers", {}).items()}
    answer = requests.post(f"{emulator.url}/v1/payment_intents", headers=headers, timeout=5, **options)
    assert answer.status_code == 401 and LIVE not in answer.text
    assert control.calls() == []


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer nonsense", "Bearer sk_test_short", "Basic ???", "Digest x", "Bearer whsec_abcdefghijklmnop"],
)
def test_without_a_key_that_may_call_there_is_a_401(emulator, control, authorization):
    answer = requests.get(f"{emulator.url}/v1/customers", headers={"Authorization": authorization}, timeout=5)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
    assert [(call["caller"], call["status"]) for call in control.calls()] == [("unknown", 401)]
    assert control.calls(caller="target") == []


def test_an_unknown_key_is_not_repeated(make_client):
    with pytest.raises(stripe.AuthenticationError) as caught:
        create(make_client("sk_test_short"))
    assert "Invalid API Key" in str(caught.value) and "sk_test_short" not in str(caught.value)


def test_the_key_can_be_a_user_name(emulator, control):
    answer = requests.get(f"{emulator.url}/v1/account", auth=(emulator.keys.secret, ""), timeout=5)
    assert answer.json()["id"] == emulator.keys.account
    assert control.calls()[-1]["caller"] == "target"


def test_each_key_is_a_caller(emulator, make_client, client, browser, control):
    intent = create(client)
    make_client(emulator.keys.audit_secret).v1.payment_intents.retrieve(intent.id)
    browser.v1.payment_intents.retrieve(intent.id, {"client_secret": intent.client_secret})
    assert [call["caller"] for call in control.calls()] == ["target", "audit", "customer"]


def test_any_test_key_is_welcome_unless_told_otherwise(make_client):
    other = make_test_keys()
    assert create(make_client(other.secret)).amount == 2000
    with Emulator(EmulatorConfig(accept_any_test_key=False)) as strict:
        with pytest.raises(stripe.AuthenticationError):
            create(make_client(other.secret, url=strict.url))
        assert create(make_client(strict.keys.secret, url=strict.url)).amount == 2000


class TestVersion:
    def test_is_echoed_and_journalled(self, client, control):
        intent = create(client)
        assert intent.last_response.headers["Stripe-Version"] == stripe.api_version
        assert control.calls()[-1]["stripe_version"] == stripe.api_version

    def test_of_the_account_is_the_default(self, emulator):
        answer = requests.get(f"{emulator.url}/v1/account", auth=(emulator.keys.secret, ""), timeout=5)
        assert answer.headers["Stripe-Version"] == "2026-08-26.dahlia"

    def test_of_the_account_is_a_setting_and_is_on_its_events(self, make_client):
        with Emulator(EmulatorConfig(api_version="2025-09-30.clover")) as running:
            client = make_client(running.keys.secret, url=running.url)
            create(client)
            assert client.v1.events.list().data[0].api_version == "2025-09-30.clover"
            assert Control(running.url, running.control_token).get("health")["api_version"] == "2025-09-30.clover"

    @pytest.mark.parametrize("version", ["yesterday", "2026-08-26.dahlia\tx", "20٢٣-01-01", "1999-01-01", "2026-13"])
    def test_that_is_none_is_refused(self, emulator, version):
        answer = requests.get(
            f"{emulator.url}/v1/account",
            auth=(emulator.keys.secret, ""),
            headers={"Stripe-Version": version.encode()},
            timeout=5,
        )
        assert answer.status_code == 400 and "version" in answer.json()["error"]["message"]

    def test_with_beta_features_is_taken(self, emulator):
        answer = requests.get(
            f"{emulator.url}/v1/account",
            auth=(emulator.keys.secret, ""),
            headers={"Stripe-Version": "2022-08-01; orders_beta=v4"},
            timeout=5,
        )
        assert answer.headers["Stripe-Version"] == "2022-08-01; orders_beta=v4"

    def test_decides_which_parameters_there_are(self, client):
        old = {"stripe_version": "2020-08-27"}
        params = {"amount": 2000, "currency": "usd", "statement": "gone long ago"}
        assert client.v1.payment_intents.create(params, old).amount == 2000
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.create(params)


def test_a_browsers_preflight_is_answered(emulator):
    answer = requests.options(f"{emulator.url}/v1/payment_intents/pi_1/confirm", timeout=5)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert requests.get(f"{emulator.url}/v1/customers", timeout=5).headers["Access-Control-Allow-Origin"] == "*"
