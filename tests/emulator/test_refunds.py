from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import pay, wait_for


def test_in_full(client, control):
    intent = pay(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "reason": "requested_by_customer"})
    assert (refund.amount, refund.status, refund.charge) == (2000, "succeeded", intent.latest_charge)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (True, 2000)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert control.events(intent.id)[-2:] == ["refund.created", "charge.refunded"]
    booked = client.v1.balance_transactions.retrieve(refund.balance_transaction)
    assert (booked.amount, booked.type, booked.source) == (-2000, "refund", refund.id)


def test_in_part_until_nothing_is_left(client):
    intent = pay(client)
    for amount, is_all in ((500, False), (600, False), (900, True)):
        client.v1.refunds.create({"charge": intent.latest_charge, "amount": amount})
        assert client.v1.charges.retrieve(intent.latest_charge).refunded is is_all
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"charge": intent.latest_charge})
    assert (caught.value.http_status, caught.value.code) == (400, "charge_already_refunded")
    refunds = client.v1.refunds.list({"payment_intent": intent.id}).data
    assert [refund.amount for refund in refunds] == [900, 600, 500]
    assert [refund.id for refund in client.v1.refunds.list({"charge": intent.latest_charge}).data] == [
        refund.id for refund in refunds
    ]


def test_too_much(client):
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1500})
    with pytest.raises(stripe.InvalidRequestError, match=r"\$5.01 usd.*\$5.00 usd") as caught:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 501})
    assert (caught.value.param, caught.value.code) == ("amount", "amount_too_large")
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 1500


def test_repeated(client):
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id})
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": intent.id})
        assert caught.value.code == "charge_already_refunded"
    assert len(client.v1.refunds.list().data) == 1


def test_no_more_than_was_captured(client):
    held = pay(client, capture_method="manual")
    client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1200})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": held.id, "amount": 1201})
    assert caught.value.code == "amount_too_large"
    assert client.v1.refunds.create({"payment_intent": held.id}).amount == 1200
    assert client.v1.charges.retrieve(held.latest_charge).refunded is True


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({}, "charge"),
        ({"payment_intent": "pi_none"}, "payment_intent"),
        ({"charge": "ch_none"}, "charge"),
        ({"amount": 0}, None),
        ({"reason": "because"}, "reason"),
    ],
)
def test_refused_forms(client, wrong, param):
    intent = pay(client)
    params = wrong if param and param != "reason" else {"payment_intent": intent.id, **wrong}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create(params)
    assert caught.value.param == (param or "amount")
    assert client.v1.refunds.list().data == []


def test_what_was_not_paid_is_not_refunded(client):
    with pytest.raises(stripe.CardError) as declined:
        pay(client, "pm_card_visa_chargeDeclined")
    held = pay(client, capture_method="manual")
    for params, code in (
        ({"payment_intent": declined.value.error.payment_intent.id}, "payment_intent_unexpected_state"),
        ({"charge": declined.value.error.charge}, "charge_not_refundable"),
        ({"payment_intent": held.id}, "payment_intent_unexpected_state"),
        ({"charge": held.latest_charge}, "charge_not_refundable"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create(params)
        assert caught.value.code == code


def test_a_disputed_charge_is_not_refunded(client):
    intent = pay(client, "pm_card_createDispute")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"
    inquired = pay(client, "pm_card_createDisputeInquiry")
    assert client.v1.refunds.create({"payment_intent": inquired.id}).status == "succeeded"


def test_a_late_refund_becomes_final(client, control):
    intent = pay(client, "pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"
    wait_for(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")
    assert control.events(refund.id) == ["refund.created", "refund.updated"]


def test_a_refund_can_fail_and_then_the_money_is_back(client, control):
    intent = pay(client, "pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    wait_for(lambda: client.v1.refunds.retrieve(refund.id).status == "failed")
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert control.events(refund.id) == ["refund.created", "refund.failed", "refund.updated", "charge.refund.updated"]
    assert sum(one.net for one in client.v1.balance_transactions.list().data) == 2000 - 88


def test_metadata_can_be_changed_and_a_done_refund_is_not_cancelled(client, control):
    refund = client.v1.refunds.create({"payment_intent": pay(client).id, "metadata": {"a": "b"}})
    assert client.v1.refunds.update(refund.id, {"metadata": {"a": "c"}}).metadata.to_dict() == {"a": "c"}
    assert control.events(refund.id)[-1] == "refund.updated"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        client.v1.refunds.cancel(refund.id)


def test_a_refund_names_what_it_belongs_to(client):
    customer = client.v1.customers.create({})
    intent = pay(client, customer=customer.id)
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert (refund.payment_intent, refund.payment_method, refund.customer) == (
        intent.id,
        intent.payment_method,
        customer.id,
    )
