"""Authorised money that nobody captures is let go after a week."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import create, pay

WEEK = 7 * 86_400
TOLD = ("charge.expired", "payment_intent.canceled")


def told(control, identity):
    return [event for event in control.get(f"events?object={identity}")["events"] if event["type"] in TOLD]


def test_an_authorised_payment_expires(client, control):
    held = pay(client, capture_method="manual")
    charge = client.v1.charges.retrieve(held.latest_charge)
    assert charge.payment_method_details.card.capture_before == pytest.approx(charge.created + WEEK, abs=1)
    control.post("clock/advance", seconds=WEEK - 60)
    assert client.v1.payment_intents.retrieve(held.id).status == "requires_capture"
    control.post("clock/advance", seconds=61)
    ended = client.v1.payment_intents.retrieve(held.id)
    assert (ended.status, ended.cancellation_reason, ended.amount_capturable) == ("canceled", "automatic", 0)
    assert ended.canceled_at == pytest.approx(held.created + WEEK, abs=5)
    charge = client.v1.charges.retrieve(held.latest_charge)
    assert (charge.captured, charge.refunded, charge.amount_refunded) == (False, True, 2000)
    assert charge.balance_transaction is None
    expired, canceled = told(control, held.id)
    assert expired["data"]["previous_attributes"] == {"amount_refunded": 0, "refunded": False}
    assert expired["request"] == {"id": None, "idempotency_key": None}
    assert canceled["data"]["object"]["cancellation_reason"] == "automatic"
    assert "charge.refunded" not in control.events(held.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.capture(held.id)
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize("ending", ["capture", "cancel"])
def test_what_has_ended_does_not_expire(client, control, ending):
    held = pay(client, capture_method="manual")
    getattr(client.v1.payment_intents, ending)(held.id)
    before = control.events(held.id)
    control.post("clock/advance", seconds=WEEK + 60)
    assert control.events(held.id) == before
    assert client.v1.payment_intents.retrieve(held.id).cancellation_reason is None


def test_a_charge_made_the_old_way_expires(client, control):
    charge = client.v1.charges.create({"amount": 2000, "currency": "usd", "source": "tok_visa", "capture": False})
    control.post("clock/advance", seconds=WEEK + 1)
    assert [event["type"] for event in told(control, charge.id)] == ["charge.expired"]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.charges.capture(charge.id)
    assert caught.value.code == "charge_expired_for_capture"


def test_what_was_refused_or_captured_at_once_holds_nothing(client):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, "pm_card_visa_chargeDeclined", capture_method="manual")
    for charge in (caught.value.error.charge, pay(client).latest_charge):
        assert client.v1.charges.retrieve(charge).payment_method_details.card.capture_before is None


def test_a_redirects_authorisation_expires_too(client, control):
    intent = create(
        client,
        capture_method="manual",
        currency="eur",
        confirm=True,
        automatic_payment_methods={"enabled": True},
        payment_method_data={
            "type": "klarna",
            "billing_details": {"email": "a@example.com", "address": {"country": "DE"}},
        },
        return_url="https://example.com/",
    )
    control.post(f"payment_intents/{intent.id}/authenticate", outcome="succeed")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    control.post("clock/advance", seconds=WEEK + 1)
    assert client.v1.payment_intents.retrieve(intent.id).status == "canceled"


@pytest.mark.parametrize(("card", "seconds"), [("pm_card_visa", 4 * 86_400 + 18 * 3600), ("pm_card_mastercard", WEEK)])
def test_visa_holds_what_merchants_initiate_for_a_shorter_time(client, control, card, seconds):
    """docs.stripe.com/payments/place-a-hold-on-a-payment-method, "Authorization validity windows"."""
    customer = client.v1.customers.create({"payment_method": card})
    (method,) = client.v1.customers.payment_methods.list(customer.id).data
    held = pay(client, method.id, customer=customer.id, off_session=True, capture_method="manual")
    charge = client.v1.charges.retrieve(held.latest_charge)
    assert charge.payment_method_details.card.capture_before == pytest.approx(charge.created + seconds, abs=1)
    control.post("clock/advance", seconds=seconds + 1)
    assert client.v1.payment_intents.retrieve(held.id).status == "canceled"
