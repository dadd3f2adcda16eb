"""3D Secure: the challenge, and what passes or fails it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import stripe

from tests.emulator.steps import create, pay

BACK = "https://shop.example/back?order=7"


@pytest.mark.parametrize("card", ["authenticationRequired", "threeDSecure2Required", "authenticationRequiredOnSetup"])
def test_a_challenge_opens(client, control, card):
    intent = pay(client, f"pm_card_{card}")
    assert (intent.status, intent.amount_received, intent.latest_charge) == ("requires_action", 0, None)
    assert intent.next_action.type == "use_stripe_sdk"
    assert control.events(intent.id) == ["payment_intent.created", "payment_intent.requires_action"]


def test_with_a_return_url_the_customer_is_sent_to_a_page(client):
    intent = pay(client, "pm_card_threeDSecure2Required", return_url=BACK)
    action = intent.next_action
    assert (action.type, action.redirect_to_url.return_url) == ("redirect_to_url", BACK)
    page = requests.get(action.redirect_to_url.url, timeout=5)
    assert page.status_code == 200 and "Complete authentication" in page.text
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"


def test_stripe_js_gets_an_action_of_its_own(client):
    intent = pay(client, "pm_card_threeDSecure2Required", return_url=BACK, use_stripe_sdk=True)
    assert intent.next_action.type == "use_stripe_sdk"


@pytest.mark.parametrize(
    ("choice", "status", "told"), [("succeed", "succeeded", "succeeded"), ("fail", "requires_payment_method", "failed")]
)
def test_the_page_leads_back_with_the_outcome(client, control, choice, status, told):
    intent = pay(client, "pm_card_threeDSecure2Required", return_url=BACK)
    page = urlsplit(intent.next_action.redirect_to_url.url)
    chosen = page._replace(path=f"{page.path}/{choice}").geturl()
    answer = requests.get(chosen, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    assert (answer.status_code, back.netloc) == (303, "shop.example")
    assert parse_qs(back.query) == {
        "order": ["7"],
        "payment_intent": [intent.id],
        "payment_intent_client_secret": [intent.client_secret],
        "redirect_status": [told],
    }
    assert client.v1.payment_intents.retrieve(intent.id).status == status
    calls = control.calls(object=intent.id, caller="customer")
    assert [call["path"] for call in calls] == [f"/3ds/{intent.id}/{choice}"]


def test_the_page_needs_the_client_secret(client, emulator):
    intent = pay(client, "pm_card_threeDSecure2Required", return_url=BACK)
    for query in ("", "?client_secret=", f"?client_secret={intent.id}_secret_guess"):
        for path in ("", "/succeed", "/fail"):
            answer = requests.get(f"{emulator.url}/3ds/{intent.id}{path}{query}", timeout=5)
            assert answer.status_code == 404
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"


def test_a_passed_challenge_takes_the_money(client, control):
    intent = pay(client, "pm_card_threeDSecure2Required")
    done = control.post(f"payment_intents/{intent.id}/authenticate", outcome="succeed")
    assert (done["status"], done["amount_received"], done["next_action"]) == ("succeeded", 2000, None)
    assert control.events(intent.id)[-3:] == ["charge.succeeded", "payment_intent.succeeded", "charge.updated"]


def test_a_failed_challenge_leaves_the_intent_open(client, control):
    intent = pay(client, "pm_card_threeDSecure2Required")
    failed = control.post(f"payment_intents/{intent.id}/authenticate", outcome="fail")
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert control.events(intent.id)[-1] == "payment_intent.payment_failed"
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"


@pytest.mark.parametrize(
    ("card", "decline"),
    [
        ("threeDSecureRequiredChargeDeclined", "generic_decline"),
        ("threeDSecureRequiredProcessingError", "processing_error"),
        ("authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_a_card_can_decline_after_its_challenge(client, control, card, decline):
    intent = pay(client, f"pm_card_{card}")
    assert intent.status == "requires_action"
    after = control.post(f"payment_intents/{intent.id}/authenticate", outcome="succeed")
    assert (after["status"], after["last_payment_error"]["decline_code"]) == ("requires_payment_method", decline)
    assert control.events(intent.id)[-2:] == ["charge.failed", "payment_intent.payment_failed"]


@pytest.mark.parametrize("params", [{"off_session": True}, {"error_on_requires_action": True}])
def test_nobody_there_to_authenticate_is_a_decline(client, params):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, "pm_card_authenticationRequired", **params)
    assert caught.value.code == "authentication_required"
    assert caught.value.error.payment_intent.status == "requires_payment_method"


def test_a_card_that_was_authenticated_is_charged_off_session(client, control):
    customer = client.v1.customers.create({})
    first = pay(client, "pm_card_authenticationRequiredOnSetup", customer=customer.id, setup_future_usage="off_session")
    control.post(f"payment_intents/{first.id}/authenticate", outcome="succeed")
    method = client.v1.customers.payment_methods.list(customer.id).data[0]
    later = pay(client, method.id, customer=customer.id, off_session=True)
    assert later.status == "succeeded"


@pytest.mark.parametrize(("asked", "status"), [("automatic", "succeeded"), ("any", "requires_action")])
def test_an_optional_challenge_opens_where_it_is_asked_for(client, asked, status):
    options = {"card": {"request_three_d_secure": asked}}
    assert pay(client, "pm_card_threeDSecureOptional", payment_method_options=options).status == status


def test_only_an_open_challenge_can_be_ended(client, control):
    intent = create(client)
    for outcome in ("succeed", "fail"):
        status, answer = control("POST", f"payment_intents/{intent.id}/authenticate", {"outcome": outcome})
        assert (status, answer["error"]["code"]) == (400, "payment_intent_unexpected_state")
    status, _ = control("POST", f"payment_intents/{intent.id}/authenticate", {"outcome": "maybe"})
    assert status == 400
    status, _ = control("POST", "payment_intents/pi_none/authenticate", {"outcome": "fail"})
    assert status == 404
