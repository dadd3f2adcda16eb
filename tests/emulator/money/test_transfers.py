"""Transfers to connected accounts and their reversals."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import pay


@pytest.fixture
def account(client):
    pay(client, "pm_card_bypassPending")
    return client.v1.accounts.create()


def available(client, **options):
    return client.v1.balance.retrieve(options=options).available[0].amount


def transfer(client, account, **params):
    return client.v1.transfers.create({"amount": 1000, "currency": "usd", "destination": account.id, **params})


def test_money_moves_from_one_account_to_the_other(client, account, seen):
    made = transfer(client, account, transfer_group="order 1")
    assert (made.amount, made.reversed, made.reversals.data) == (1000, False, [])
    assert (available(client), available(client, stripe_account=account.id)) == (912, 1000)
    booked = client.v1.balance_transactions.retrieve(made.balance_transaction)
    assert (booked.amount, booked.type) == (-1000, "transfer")
    arrived = client.v1.balance_transactions.list(None, {"stripe_account": account.id}).data[0]
    assert (arrived.amount, arrived.type, arrived.source) == (1000, "payment", made.destination_payment)
    assert "transfer.created" in seen()
    assert [one.id for one in client.v1.transfers.list({"transfer_group": "order 1"}).data] == [made.id]
    assert client.v1.transfers.list({"destination": "acct_none"}).data == []


def test_it_is_taken_back_in_parts(client, account, previous):
    made = transfer(client, account)
    first = client.v1.transfers.reversals.create(made.id, {"amount": 100})
    assert (first.amount, first.transfer) == (100, made.id)
    assert differences(first.to_dict()) == []
    assert previous("transfer.reversed")["amount_reversed"] == 0
    half = client.v1.transfers.retrieve(made.id)
    assert (half.amount_reversed, half.reversed, [one.id for one in half.reversals.data]) == (100, False, [first.id])
    with pytest.raises(stripe.InvalidRequestError, match="exceeds") as caught:
        client.v1.transfers.reversals.create(made.id, {"amount": 901})
    assert caught.value.param == "amount"
    client.v1.transfers.reversals.create(made.id)
    assert client.v1.transfers.retrieve(made.id).reversed is True
    assert previous("transfer.reversed")["reversed"] is False
    assert (available(client), available(client, stripe_account=account.id)) == (1912, 0)
    with pytest.raises(stripe.InvalidRequestError, match="already been fully reversed"):
        client.v1.transfers.reversals.create(made.id)
    assert len(client.v1.transfers.reversals.list(made.id).data) == 2
    assert client.v1.transfers.reversals.update(made.id, first.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"


def test_no_more_than_is_there(client, account):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        transfer(client, account, amount=2001)
    assert caught.value.code == "balance_insufficient"
    assert available(client) == 1912


def test_a_charge_is_passed_on_no_further_than_it_goes(client, account):
    charge = pay(client).latest_charge
    assert transfer(client, account, source_transaction=charge, amount=1500).source_transaction == charge
    with pytest.raises(stripe.InvalidRequestError, match="exceed"):
        transfer(client, account, source_transaction=charge, amount=501)
    assert transfer(client, account, source_transaction=charge, amount=500).amount == 500


def test_where_no_money_can_go(client, account):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.transfers.create({"amount": 1, "currency": "usd", "destination": "acct_none"})
    assert (caught.value.code, caught.value.param) == ("resource_missing", "destination")
    cards_only = client.v1.accounts.create({"type": "custom", "capabilities": {"card_payments": {"requested": True}}})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        transfer(client, cards_only)
    assert caught.value.code == "insufficient_capabilities_for_transfer"


def test_metadata(client, account, previous):
    made = transfer(client, account)
    client.v1.transfers.update(made.id, {"metadata": {"foo": "bar"}, "description": "x"})
    assert previous("transfer.updated") == {"metadata": {"foo": None}, "description": None}
