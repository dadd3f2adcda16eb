"""The control API: who may use it, and what it says."""

from __future__ import annotations

import asyncio
import json

import pytest
import requests
from aiohttp.test_utils import make_mocked_request

from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.emulator.control import Control as ControlActions
from stripe_audit.emulator.world import World
from stripe_audit.keys import make_test_keys
from tests.emulator.steps import Control, create, pay, wait_for


class TestGuard:
    @pytest.mark.parametrize("token", [None, "", "wrong", "wröng"])
    def test_the_token_is_needed(self, emulator, token):
        headers = {} if token is None else {"X-Emulator-Token": token.encode()}
        for method, path in (("GET", "journal"), ("POST", "reset"), ("GET", "health"), ("GET", "nothing")):
            answer = requests.request(method, f"{emulator.url}/_emulator/{path}", headers=headers, timeout=5)
            assert answer.status_code == 403 and "X-Emulator-Token" in answer.json()["error"]["message"]

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "[::2]", "", "[", "a b"])
    def test_a_foreign_host_is_refused_even_with_the_token(self, emulator, host):
        headers = {"X-Emulator-Token": emulator.control_token, "Host": host}
        answer = requests.get(f"{emulator.url}/_emulator/health", headers=headers, timeout=5)
        assert answer.status_code in (400, 403)

    @pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "127.9.9.9:80", "[::1]:80"])
    def test_names_of_this_machine_are_accepted(self, emulator, host):
        headers = {"X-Emulator-Token": emulator.control_token, "Host": host}
        assert requests.get(f"{emulator.url}/_emulator/health", headers=headers, timeout=5).status_code == 200

    def test_stripes_keys_do_not_open_it(self, emulator):
        answer = requests.get(f"{emulator.url}/_emulator/health", auth=(emulator.keys.secret, ""), timeout=5)
        assert answer.status_code == 403

    def test_browsers_get_no_permission_to_read_it(self, emulator):
        headers = {"X-Emulator-Token": emulator.control_token, "Origin": "https://evil.example"}
        answer = requests.get(f"{emulator.url}/_emulator/health", headers=headers, timeout=5)
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nothing"),
        ("PUT", "health"),
        ("GET", "objects/*"),
        ("GET", "objects/pi_none"),
        ("GET", "a/b/c/d"),
        ("GET", ""),
    ],
)
def test_an_unknown_action_is_a_404(control, method, path):
    assert control(method, path)[0] == 404


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(control, body):
    assert control("POST", "faults", body)[0] == 400


def test_health_counts(client, control, emulator):
    pay(client)
    health = control.get("health")
    assert (health["ok"], health["calls"], health["account"]) == (True, 1, emulator.keys.account)
    assert health["objects"] > 4 and health["defects"] == []


def test_an_object_is_shown_as_it_is_stored(client, control):
    intent = create(client, metadata={"a": "b"})
    assert control.get(f"objects/{intent.id}") == json.loads(json.dumps(intent.to_dict()))


def test_a_reset_forgets_everything_but_keys_and_token(client, control, receiver):
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    control.post("deliveries/hold", all=True)
    control.fault("status", times=1, path="/v1/refunds")
    control.post("clock/advance", seconds=1000)
    client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}, {"idempotency_key": "k"})
    control.post("reset")
    assert control.get("health")["objects"] == 0
    assert control.calls() == [] and control.get("faults") == {"faults": []}
    assert control.get("deliveries") == {"deliveries": []} and control.get("clock")["skipped"] == 0
    answer = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}, {"idempotency_key": "k"})
    assert "Idempotent-Replayed" not in answer.last_response.headers


def test_a_reset_brings_back_what_the_configuration_names(make_client, receiver):
    rule = {"path": "/v1/refunds", "action": {"kind": "status", "status": 503}}
    config = EmulatorConfig(webhooks=((receiver.url, "whsec_of_the_receiver"),), faults=(rule,))
    with Emulator(config) as running:
        control = Control(running.url, running.control_token)
        client = make_client(running.keys.secret, url=running.url)
        for expected in (1, 2):
            assert [fault["path"] for fault in control.get("faults")["faults"]] == ["/v1/refunds"]
            create(client)
            assert control.post("deliveries/drain")["drained"] is True
            assert len(receiver.received) == expected
            control.post("reset")
    event = receiver.received[0]
    make_client("sk_test_x").construct_event(event.body, event.headers["Stripe-Signature"], "whsec_of_the_receiver")


class TestClock:
    def test_moves_on(self, client, control):
        before = create(client).created
        moved = control.post("clock/advance", seconds=3600.5)
        assert moved["skipped"] == 3600.5
        assert create(client).created - before >= 3600
        assert control.get("clock")["now"] >= moved["now"]

    def test_makes_due_what_lies_in_the_skipped_time(self, make_client):
        with Emulator(EmulatorConfig(refund_delay=86_400.0)) as running:
            control = Control(running.url, running.control_token)
            client = make_client(running.keys.secret, url=running.url)
            refund = client.v1.refunds.create({"payment_intent": pay(client, "pm_card_pendingRefund").id})
            control.post("clock/advance", seconds=86_000)
            assert client.v1.refunds.retrieve(refund.id).status == "pending"
            control.post("clock/advance", seconds=500)
            wait_for(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")

    @pytest.mark.parametrize("seconds", [-1, 1e12, "soon", None, True, float("nan")])
    def test_does_not_run_backwards_or_away(self, control, seconds):
        assert control("POST", "clock/advance", {"seconds": seconds})[0] == 400
        assert control.get("clock")["skipped"] == 0


class TestRegisteredEndpoints:
    def test_have_the_secret_of_the_callers_choice(self, client, control, receiver):
        made = control.post(
            "webhook_endpoints", url=receiver.url, secret="whsec_chosen", enabled_events=["payment_intent.created"]
        )
        assert (made["secret"], made["enabled_events"]) == ("whsec_chosen", ["payment_intent.created"])
        pay(client)
        control.post("deliveries/drain")
        (got,) = receiver.received
        client.construct_event(got.body, got.headers["Stripe-Signature"], "whsec_chosen")
        assert "secret" not in client.v1.webhook_endpoints.retrieve(made["id"]).to_dict()

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"url": "ftp://127.0.0.1/"},
            {"url": 5},
            {"url": "http://127.0.0.1/", "secret": 5},
            {"url": "http://127.0.0.1/", "enabled_events": "all"},
            {"url": "http://127.0.0.1/", "enabled_events": [5]},
            {"url": "http://127.0.0.1/", "api_version": 5},
        ],
    )
    def test_are_refused_where_they_make_no_sense(self, client, control, body):
        assert control("POST", "webhook_endpoints", body)[0] == 400
        assert client.v1.webhook_endpoints.list().data == []


def test_a_failure_of_the_emulators_own_is_told_and_ends_nothing(caplog):
    """A world that cannot be kept: something in it is no data. Nothing that a client does brings this about."""
    world = World(EmulatorConfig(), make_test_keys(1), "token")
    world.spent.add(lambda: None)
    headers = {"Host": "127.0.0.1", "X-Emulator-Token": "token"}
    request = make_mocked_request("POST", "/_emulator/snapshot", headers=headers)
    response = asyncio.run(ControlActions(world).handle(request))
    assert response.status == 500 and "the emulator failed" in response.text
    assert [defect.partition(": ")[0] for defect in world.defects] == ["POST /_emulator/snapshot"]
    assert "POST /_emulator/snapshot" in caplog.text
