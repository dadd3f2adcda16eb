"""Payments that a platform shares with a connected account."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.money.test_connect import COMPLETE, told
from tests.emulator.steps import create, pay


@pytest.fixture
def account(client):
    return client.v1.accounts.create(COMPLETE)


def balance_of(client, **options):
    """What there is in dollars, settled or not."""
    balance = client.v1.balance.retrieve(None, options or None)
    return sum(entry.amount for part in (balance.available, balance.pending) for entry in part)


def net(client, source, **options):
    (one,) = client.v1.balance_transactions.list({"source": source}, options or None).data
    return one


class TestDestinationCharges:
    def test_the_account_gets_the_money_and_the_platform_its_fee(self, client, control, account):
        paid = pay(client, amount=10_000, transfer_data={"destination": account.id}, application_fee_amount=1200)
        charge = client.v1.charges.retrieve(paid.latest_charge, {"expand": ["transfer", "application_fee"]})
        transfer, fee = charge.transfer, charge.application_fee
        assert (transfer.amount, transfer.destination, transfer.source_transaction) == (10_000, account.id, charge.id)
        assert charge.transfer_group == transfer.transfer_group == f"group_{paid.id}"
        assert charge.application_fee_amount == 1200
        assert (fee.amount, fee.account, fee.originating_transaction) == (1200, account.id, charge.id)
        assert fee.charge == transfer.destination_payment
        for one in (transfer, fee):
            assert differences(one.to_dict()) == []
        stripes = net(client, charge.id).fee
        assert balance_of(client) == 10_000 - stripes - 10_000 + 1200
        assert balance_of(client, stripe_account=account.id) == 10_000 - 1200
        theirs = net(client, transfer.destination_payment, stripe_account=account.id)
        assert [(one.type, one.amount) for one in theirs.fee_details] == [("application_fee", 1200)]
        (event,) = told(control, "application_fee.created")
        assert "account" not in event and event["data"]["object"]["id"] == fee.id
        assert len(told(control, "transfer.created")) == 1

    def test_a_part_of_it(self, client, account):
        paid = pay(client, amount=10_000, transfer_data={"destination": account.id, "amount": 7500})
        charge = client.v1.charges.retrieve(paid.latest_charge, {"expand": ["transfer"]})
        assert (charge.transfer.amount, charge.application_fee) == (7500, None)
        assert balance_of(client, stripe_account=account.id) == 7500

    def test_by_hand_it_is_what_was_captured(self, client, account):
        held = pay(
            client,
            amount=10_000,
            capture_method="manual",
            transfer_data={"destination": account.id},
            application_fee_amount=1200,
        )
        assert client.v1.transfers.list().data == client.v1.application_fees.list().data == []
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": 4000})
        (transfer,) = client.v1.transfers.list({"destination": account.id}).data
        assert transfer.amount == 4000
        assert balance_of(client, stripe_account=account.id) == 4000 - 1200

    def test_a_refund_takes_both_back_where_it_says_so(self, client, control, account):
        paid = pay(client, amount=10_000, transfer_data={"destination": account.id}, application_fee_amount=1000)
        both = {"reverse_transfer": True, "refund_application_fee": True}
        refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 2500, **both})
        charge = client.v1.charges.retrieve(paid.latest_charge, {"expand": ["transfer", "application_fee"]})
        assert (charge.transfer.amount_reversed, charge.application_fee.amount_refunded) == (2500, 250)
        assert refund.transfer_reversal == charge.transfer.reversals.data[0].id
        assert balance_of(client, stripe_account=account.id) == 9000 - 2500 + 250
        client.v1.refunds.create({"payment_intent": paid.id, **both})
        assert balance_of(client, stripe_account=account.id) == 0
        fee = client.v1.application_fees.retrieve(charge.application_fee.id)
        assert (fee.refunded, fee.amount_refunded, len(fee.refunds.data)) == (True, 1000, 2)
        refunded = told(control, "application_fee.refunded")
        assert [one["data"]["previous_attributes"]["amount_refunded"] for one in refunded] == [0, 250]
        assert len(told(control, "transfer.reversed")) == 2

    def test_and_else_the_platform_pays_it(self, client, account):
        paid = pay(client, amount=10_000, transfer_data={"destination": account.id}, application_fee_amount=1000)
        client.v1.refunds.create({"payment_intent": paid.id})
        assert balance_of(client, stripe_account=account.id) == 9000


class TestDirectCharges:
    def test_the_platform_gets_its_fee(self, client, control, account):
        options = {"stripe_account": account.id}
        paid = client.v1.payment_intents.create(
            {
                "amount": 10_000,
                "currency": "usd",
                "payment_method": "pm_card_visa",
                "confirm": True,
                "application_fee_amount": 1500,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            },
            options,
        )
        charge = client.v1.charges.retrieve(paid.latest_charge, None, options)
        (fee,) = client.v1.application_fees.list().data
        assert (charge.application_fee, fee.charge, fee.account) == (fee.id, charge.id, account.id)
        booked = net(client, charge.id, **options)
        assert {one.type: one.amount for one in booked.fee_details}["application_fee"] == 1500
        assert balance_of(client) == 1500
        assert balance_of(client, **options) == booked.net == 10_000 - booked.fee
        assert "account" not in told(control, "application_fee.created")[0]
        client.v1.refunds.create({"charge": charge.id, "refund_application_fee": True}, options)
        assert client.v1.application_fees.retrieve(fee.id).refunded is True and balance_of(client) == 0


def test_what_arrives_is_a_payment_of_the_accounts(client, account):
    options = {"stripe_account": account.id}
    pay(client, amount=10_000, transfer_data={"destination": account.id}, application_fee_amount=1000)
    (transfer,) = client.v1.transfers.list().data
    payment = client.v1.charges.retrieve(transfer.destination_payment, {"expand": ["balance_transaction"]}, options)
    assert (payment.amount, payment.source_transfer, payment.application_fee_amount) == (10_000, transfer.id, 1000)
    assert (payment.balance_transaction.net, payment.status, payment.refunded) == (9000, "succeeded", False)
    assert differences(payment.to_dict()) == []
    assert [one.id for one in client.v1.charges.list(None, options).data] == [payment.id]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"charge": payment.id}, options)
    assert caught.value.code == "charge_not_refundable"
    client.v1.transfers.reversals.create(transfer.id, {"amount": 2500})
    assert client.v1.charges.retrieve(payment.id, None, options).amount_refunded == 2500
    client.v1.transfers.reversals.create(transfer.id)
    assert client.v1.charges.retrieve(payment.id, None, options).refunded is True


def test_a_fee_is_given_back_by_hand(client, control, account):
    pay(client, amount=10_000, transfer_data={"destination": account.id}, application_fee_amount=1000)
    (fee,) = client.v1.application_fees.list().data
    refund = client.v1.application_fees.refunds.create(fee.id, {"amount": 400, "metadata": {"why": "kindness"}})
    assert (refund.amount, refund.fee, refund.metadata["why"]) == (400, fee.id, "kindness")
    assert differences(refund.to_dict()) == []
    client.v1.application_fees.refunds.update(fee.id, refund.id, {"metadata": {"why": "law"}})
    assert told(control, "application_fee.refund.updated")[0]["data"]["previous_attributes"] == {
        "metadata": {"why": "kindness"}
    }
    assert [one.id for one in client.v1.application_fees.refunds.list(fee.id).data] == [refund.id]
    assert client.v1.application_fees.refunds.retrieve(fee.id, refund.id).metadata["why"] == "law"
    for amount in (601, 0):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.application_fees.refunds.create(fee.id, {"amount": amount})
        assert caught.value.param == "amount"
    client.v1.application_fees.refunds.create(fee.id)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        client.v1.application_fees.refunds.create(fee.id)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"application_fee_amount": 100}, "application_fee_amount"),
        ({"transfer_data": {"destination": "acct_none"}}, "transfer_data[destination]"),
        ({"transfer_data": {"destination": "<account>"}, "application_fee_amount": 2001}, "application_fee_amount"),
        ({"transfer_data": {"destination": "<account>", "amount": 2001}}, "transfer_data[amount]"),
        (
            {"transfer_data": {"destination": "<account>", "amount": 20}, "application_fee_amount": 1},
            "application_fee_amount",
        ),
    ],
)
def test_what_cannot_be_shared_is_refused_before_any_effect(client, account, params, param):
    data = params.get("transfer_data") or {}
    if data.get("destination") == "<account>":
        params = {**params, "transfer_data": {**data, "destination": account.id}}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, **params)
    assert caught.value.param == param
    assert client.v1.payment_intents.list().data == []


def test_a_refund_of_what_was_not_shared_leaves_nothing(client):
    paid = pay(client)
    for name in ("reverse_transfer", "refund_application_fee"):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": paid.id, name: True})
        assert caught.value.param == name
    assert client.v1.refunds.list().data == []
    assert client.v1.charges.retrieve(paid.latest_charge).amount_refunded == 0
