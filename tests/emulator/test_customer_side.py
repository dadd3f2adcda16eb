"""What the customer's browser may do: a publishable key and a client secret."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import create, pay


def secret(intent: stripe.PaymentIntent) -> dict[str, str]:
    return {"client_secret": intent.client_secret}


def test_it_reads_its_intent_and_sees_only_its_part(client, browser):
    customer = client.v1.customers.create({})
    intent = create(client, metadata={"margin": "40 %"}, customer=customer.id)
    seen = browser.v1.payment_intents.retrieve(intent.id, secret(intent)).to_dict()
    assert (seen["amount"], seen["status"]) == (2000, "requires_payment_method")
    assert not {"metadata", "customer", "latest_charge", "amount_received", "application"} & set(seen)


def test_it_confirms(client, browser, control):
    intent = create(client)
    paid = browser.v1.payment_intents.confirm(intent.id, {**secret(intent), "payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    callers = [(call["caller"], call["path"].rpartition("/")[2]) for call in control.calls(object=intent.id)]
    assert callers == [("target", "payment_intents"), ("customer", "confirm"), ("target", intent.id)]


def test_it_confirms_with_card_data(client, browser):
    intent = create(client)
    card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2040, "cvc": "123"}
    data = {"type": "card", "card": card, "billing_details": {"name": "Ada"}, "guid": "x", "time_on_page": "9"}
    paid = browser.v1.payment_intents.confirm(intent.id, {**secret(intent), "payment_method_data": data})
    assert paid.status == "succeeded"


def test_it_needs_no_return_url_and_can_open_a_challenge(client, browser, control):
    intent = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"})
    params = {**secret(intent), "payment_method": "pm_card_threeDSecure2Required", "use_stripe_sdk": True}
    opened = browser.v1.payment_intents.confirm(intent.id, params)
    assert (opened.status, opened.next_action.type) == ("requires_action", "use_stripe_sdk")
    control.post(f"payment_intents/{intent.id}/authenticate", outcome="succeed")
    assert browser.v1.payment_intents.retrieve(intent.id, secret(intent)).status == "succeeded"


def test_a_decline_tells_it_no_more_than_its_part(client, browser):
    intent = create(client, metadata={"margin": "40 %"})
    with pytest.raises(stripe.CardError) as caught:
        browser.v1.payment_intents.confirm(
            intent.id, {**secret(intent), "payment_method": "pm_card_visa_chargeDeclined"}
        )
    shown = caught.value.json_body["error"]["payment_intent"]
    assert shown["status"] == "requires_payment_method" and "metadata" not in shown


@pytest.mark.parametrize("given", [None, "", "pi_x_secret_y", "guess"])
def test_without_the_secret_it_gets_nothing(client, browser, given):
    intent = create(client)
    params = {} if given is None else {"client_secret": given}
    for call in (browser.v1.payment_intents.retrieve, browser.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            call(intent.id, params)
        assert caught.value.param == "client_secret"
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_anothers_secret_opens_nothing(client, browser):
    mine, other = create(client), create(client)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        browser.v1.payment_intents.retrieve(other.id, secret(mine))
    assert caught.value.code == "payment_intent_invalid_parameter"


def test_everything_else_needs_a_secret_key(client, browser):
    intent = pay(client)
    for call in (
        lambda: browser.v1.payment_intents.create({"amount": 2000, "currency": "usd"}),
        lambda: browser.v1.payment_intents.list(),
        lambda: browser.v1.payment_intents.cancel(intent.id),
        lambda: browser.v1.payment_intents.update(intent.id, {"amount": 50}),
        lambda: browser.v1.customers.list(),
        lambda: browser.v1.refunds.create({"payment_intent": intent.id}),
        lambda: browser.v1.events.list(),
    ):
        with pytest.raises(stripe.PermissionError) as caught:
            call()
        assert (caught.value.http_status, caught.value.error.code) == (403, "secret_key_required")
    assert client.v1.charges.retrieve(intent.latest_charge).refunded is False


def test_it_expands_its_payment_method_and_nothing_else(client, browser):
    customer = client.v1.customers.create({"email": "ada@example.com"})
    intent = create(client, customer=customer.id, payment_method="pm_card_visa")
    seen = browser.v1.payment_intents.retrieve(intent.id, {**secret(intent), "expand": ["payment_method"]})
    assert seen.payment_method.card.last4 == "4242"
    for path in ("customer", "payment_method.customer", "latest_charge"):
        with pytest.raises(stripe.InvalidRequestError):
            browser.v1.payment_intents.retrieve(intent.id, {**secret(intent), "expand": [path]})
