"""SetupIntents: a card is kept for later, with and without 3D Secure."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
import stripe

import stripe_audit.emulator.shapes as shapes
from tests.emulator.steps import AUTOMATIC


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"email": "kept@example.com"})


def set_up(client, card="pm_card_visa", **params):
    return client.v1.setup_intents.create(
        {"automatic_payment_methods": AUTOMATIC, "payment_method": card, "confirm": True, **params}
    )


def types(client):
    return [event.type for event in reversed(client.v1.events.list({"limit": 100}).data)]


def test_a_card_is_kept_for_its_customer(client, customer):
    intent = set_up(client, customer=customer.id)
    assert (intent.status, intent.usage, intent.last_setup_error) == ("succeeded", "off_session", None)
    kept = client.v1.customers.payment_methods.list(customer.id).data
    assert [method.id for method in kept] == [intent.payment_method]
    assert types(client)[-3:] == ["setup_intent.created", "payment_method.attached", "setup_intent.succeeded"]
    attempt = client.v1.setup_attempts.list({"setup_intent": intent.id}).data[0]
    assert (attempt.id, attempt.status) == (intent.latest_attempt, "succeeded")


def test_the_states_before_confirmation(client, customer):
    intent = client.v1.setup_intents.create({"customer": customer.id, "automatic_payment_methods": AUTOMATIC})
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.setup_intents.confirm(intent.id)
    assert caught.value.code == "setup_intent_unexpected_state"
    intent = client.v1.setup_intents.update(intent.id, {"payment_method": "pm_card_visa", "metadata": {"a": "1"}})
    assert (intent.status, intent.metadata.to_dict()) == ("requires_confirmation", {"a": "1"})
    assert client.v1.setup_intents.confirm(intent.id).status == "succeeded"
    for refused in (client.v1.setup_intents.confirm, client.v1.setup_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
            refused(intent.id)


def test_a_refused_card_leaves_its_reason(client, customer):
    with pytest.raises(stripe.CardError) as caught:
        set_up(client, "pm_card_visa_chargeDeclined", customer=customer.id)
    assert (caught.value.code, caught.value.error.decline_code) == ("card_declined", "generic_decline")
    intent = client.v1.setup_intents.list({"customer": customer.id}).data[0]
    assert intent.status == "requires_payment_method"
    assert intent.last_setup_error.code == "card_declined"
    assert types(client)[-1] == "setup_intent.setup_failed"


@pytest.mark.parametrize(("outcome", "status"), [("succeed", "succeeded"), ("fail", "requires_payment_method")])
def test_a_challenge_is_passed_or_failed_on_its_page(client, customer, outcome, status):
    intent = set_up(
        client, "pm_card_authenticationRequired", customer=customer.id, return_url="https://shop.example/back"
    )
    assert intent.status == "requires_action"
    page = intent.next_action.redirect_to_url.url
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays())
    with opener.open(page.replace("?", f"/{outcome}?")) as answer:
        back = answer.headers["Location"]
    assert back.startswith("https://shop.example/back?setup_intent=seti_")
    ended = client.v1.setup_intents.retrieve(intent.id, {"expand": ["latest_attempt"]})
    assert ended.status == status
    assert ended.latest_attempt.status == ("succeeded" if outcome == "succeed" else "failed")
    if outcome == "fail":
        assert ended.last_setup_error.code == "setup_intent_authentication_failure"


class _Stays(urllib.request.HTTPRedirectHandler):
    def http_error_303(self, request, answer, code, message, headers):
        return answer


def test_the_control_api_ends_a_challenge_too(client, control, customer):
    intent = set_up(client, "pm_card_authenticationRequired", return_url="https://shop.example/back")
    control.post(f"setup_intents/{intent.id}/authenticate", outcome="succeed")
    assert client.v1.setup_intents.retrieve(intent.id).status == "succeeded"


def test_a_card_set_up_with_a_challenge_pays_off_session(client, customer):
    card = "pm_card_authenticationRequiredOnSetup"
    intent = set_up(client, card, customer=customer.id, return_url="https://shop.example/back")
    assert intent.status == "requires_action"
    _pass(client, intent)
    kept = client.v1.setup_intents.retrieve(intent.id).payment_method
    paid = client.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": kept,
            "off_session": True,
            "confirm": True,
        }
    )
    assert paid.status == "succeeded"


def _pass(client, intent):
    page = intent.next_action.redirect_to_url.url
    urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays()).open(page.replace("?", "/succeed?")).close()


def test_the_customers_side_needs_the_secret_and_sees_little(client, browser, customer):
    intent = client.v1.setup_intents.create(
        {"customer": customer.id, "automatic_payment_methods": AUTOMATIC, "metadata": {"internal": "1"}}
    )
    with pytest.raises(stripe.InvalidRequestError, match="client_secret"):
        browser.v1.setup_intents.retrieve(intent.id)
    seen = browser.v1.setup_intents.retrieve(intent.id, {"client_secret": intent.client_secret})
    assert seen.status == "requires_payment_method"
    assert not {"metadata", "customer"} & set(seen.to_dict())
    done = browser.v1.setup_intents.confirm(
        intent.id, {"client_secret": intent.client_secret, "payment_method": "pm_card_visa"}
    )
    assert done.status == "succeeded"


def test_a_canceled_intent_stays_so(client):
    intent = client.v1.setup_intents.create({"automatic_payment_methods": AUTOMATIC})
    ended = client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (ended.status, ended.cancellation_reason) == ("canceled", "abandoned")
    assert types(client)[-1] == "setup_intent.canceled"


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"customer": "cus_none"}, "resource_missing", "customer"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"return_url": "https://shop.example"}, None, "return_url"),
        ({"usage": "sometimes"}, None, "usage"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        (
            {"payment_method": "pm_card_visa", "confirm": True, "automatic_payment_methods": {"enabled": True}},
            None,
            "return_url",
        ),
    ],
)
def test_wrong_parameters_are_refused_and_nothing_is_made(client, params, code, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.setup_intents.create(params)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert client.v1.setup_intents.list().data == []


def test_every_field_of_the_class_is_there(client, customer):
    declared = json.loads((Path(shapes.__file__).parent / "objects.json").read_text())
    intent = set_up(client, customer=customer.id)
    attempt = client.v1.setup_attempts.list({"setup_intent": intent.id}).data[0]
    for one in (intent.to_dict(), attempt.to_dict()):
        shape = declared[one["object"]]
        assert set(one) == set(shape["fields"])
        assert not [name for name in shape["never_null"] if one[name] is None]
