"""Payouts and top-ups: what they do to the balance, when, and what banks refuse."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import pay, wait_for

DAY = 24 * 3600


@pytest.fixture
def funded(client):
    """An account with 1912 cents: 20 dollars without their fee."""
    pay(client, "pm_card_bypassPending")
    return client


def available(client, options=None):
    return client.v1.balance.retrieve(options=options or {}).available[0].amount


def about(control, one):
    return [type for type in control.events(one.id) if type.startswith(("payout.", "topup."))]


def payout(client, **params):
    return client.v1.payouts.create({"amount": 1100, "currency": "usd", **params})


def test_money_is_pending_before_it_is_available(client, control, seen):
    pay(client)
    balance = client.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 1912)
    assert client.v1.balance_transactions.list().data[0].status == "pending"
    assert "balance.available" not in seen()
    control.post("clock/advance", seconds=2 * DAY + 1)
    wait_for(lambda: "balance.available" in seen())
    balance = client.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (1912, 0)
    assert client.v1.balance_transactions.list().data[0].status == "available"
    assert differences(balance.to_dict()) == []


def test_later_payments_mature_in_their_turn(client, control, seen):
    pay(client)
    control.post("clock/advance", seconds=DAY)
    pay(client, amount=1000)
    control.post("clock/advance", seconds=DAY + 1)
    wait_for(lambda: available(client) == 1912)
    control.post("clock/advance", seconds=DAY)
    wait_for(lambda: available(client) == 1912 + 941)
    assert seen().count("balance.available") == 2


def test_some_cards_bypass_pending(funded, seen):
    wait_for(lambda: "balance.available" in seen())
    assert available(funded) == 1912


def test_a_payout_arrives(funded, control, previous):
    made = payout(funded, description="rent", metadata={"a": "b"})
    assert (made.status, made.method, made.automatic, made.type) == ("pending", "standard", False, "bank_account")
    assert available(funded) == 812
    booked = funded.v1.balance_transactions.retrieve(made.balance_transaction)
    assert (booked.amount, booked.type, booked.status, booked.source) == (-1100, "payout", "available", made.id)
    found = funded.v1.balance_transactions.list({"payout": made.id}).data
    assert [one.id for one in found] == [made.balance_transaction]
    control.post("clock/advance", seconds=601)
    wait_for(lambda: funded.v1.payouts.retrieve(made.id).status == "in_transit")
    control.post("clock/advance", seconds=2 * DAY)
    wait_for(lambda: funded.v1.payouts.retrieve(made.id).status == "paid")
    assert about(control, made) == ["payout.created", "payout.updated", "payout.paid"]
    assert previous("payout.paid") == {"status": "in_transit"}
    expanded = funded.v1.payouts.retrieve(made.id, {"expand": ["destination", "balance_transaction"]})
    assert (expanded.destination.last4, expanded.balance_transaction.amount) == ("6789", -1100)
    assert differences(expanded.destination.to_dict()) == []


def test_no_more_than_is_there(client, funded):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        payout(funded, amount=1913)
    assert caught.value.code == "balance_insufficient"
    assert payout(funded, amount=1912).amount == 1912
    assert available(funded) == 0


def test_a_payout_is_called_back_while_it_is_pending(funded, control, previous):
    made = payout(funded)
    canceled = funded.v1.payouts.cancel(made.id)
    assert canceled.status == "canceled"
    assert available(funded) == 1912
    returned = funded.v1.balance_transactions.retrieve(canceled.failure_balance_transaction)
    assert (returned.amount, returned.type) == (1100, "payout_cancel")
    assert about(control, made) == ["payout.created", "payout.canceled", "payout.updated"]
    assert previous("payout.canceled") == {"status": "pending", "failure_balance_transaction": None}
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        funded.v1.payouts.cancel(made.id)
    control.post("clock/advance", seconds=3 * DAY)
    wait_for(lambda: control.get("clock")["skipped"] >= 3 * DAY)
    assert funded.v1.payouts.retrieve(made.id).status == "canceled"


def test_a_payout_is_reversed(funded, control, previous):
    made = payout(funded, method="instant")
    with pytest.raises(stripe.InvalidRequestError, match="pending"):
        funded.v1.payouts.reverse(made.id)
    control.post("clock/advance", seconds=1801)
    wait_for(lambda: funded.v1.payouts.retrieve(made.id).status == "paid")
    reversal = funded.v1.payouts.reverse(made.id, {"metadata": {"why": "mistake"}})
    assert (reversal.amount, reversal.original_payout, reversal.status) == (-1100, made.id, "pending")
    assert funded.v1.payouts.retrieve(made.id).reversed_by == reversal.id
    assert previous("payout.updated") == {"reversed_by": None}
    assert available(funded) == 1912
    with pytest.raises(stripe.InvalidRequestError, match="already reversed"):
        funded.v1.payouts.reverse(made.id)


def test_metadata(funded, previous):
    made = payout(funded)
    assert funded.v1.payouts.update(made.id, {"metadata": {"foo": "bar"}}).metadata.to_dict() == {"foo": "bar"}
    assert previous("payout.updated") == {"metadata": {"foo": None}}
    assert [one.id for one in funded.v1.payouts.list({"status": "pending"}).data] == [made.id]
    assert funded.v1.payouts.list({"status": "paid"}).data == []


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("btok_us_verified_noAccount", "no_account"),
        ("btok_us_verified_accountClosed", "account_closed"),
        ("btok_us_verified_insufficientFunds", "insufficient_funds"),
        ("btok_us_verified_debitNotAuthorized", "debit_not_authorized"),
        ("btok_us_verified_invalidCurrency", "invalid_currency"),
    ],
)
def test_banks_refuse(client, control, token, code, previous):
    account = client.v1.accounts.create({"type": "custom", "external_account": token})
    other = {"stripe_account": account.id}
    pay_in = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_bypassPending", "confirm": True}
    automatic = {"enabled": True, "allow_redirects": "never"}
    client.v1.payment_intents.create({**pay_in, "automatic_payment_methods": automatic}, other)
    made = client.v1.payouts.create({"amount": 1000, "currency": "usd"}, other)
    assert available(client, other) == 912
    control.post("clock/advance", seconds=2 * DAY + 1)
    failed = wait_for(lambda: (now := client.v1.payouts.retrieve(made.id, None, other)).status == "failed" and now)
    assert failed.failure_code == code
    assert available(client, other) == 1912
    types = [event.type for event in client.v1.events.list({"limit": 100}, other).data]
    assert {"payout.created", "payout.failed"} <= set(types)


def test_a_bank_account_must_exist(funded):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        payout(funded, destination="ba_none")
    assert (caught.value.code, caught.value.param) == ("resource_missing", "destination")


class TestTopups:
    def made(self, client, **params):
        return client.v1.topups.create({"amount": 2000, "currency": "usd", "description": "more", **params})

    def test_money_comes_after_days(self, client, control, previous):
        topup = self.made(client)
        assert (topup.status, topup.source.type, topup.balance_transaction) == ("pending", "ach_debit", None)
        assert available(client) == 0
        control.post("clock/advance", seconds=5 * DAY + 1)
        done = wait_for(lambda: (now := client.v1.topups.retrieve(topup.id)).status == "succeeded" and now)
        assert available(client) == 2000
        assert about(control, topup) == ["topup.created", "topup.succeeded"]
        assert previous("topup.succeeded") == {"status": "pending", "balance_transaction": None}
        assert client.v1.balance_transactions.retrieve(done.balance_transaction).type == "topup"

    def test_a_bank_without_money(self, client, control):
        topup = self.made(client, source="btok_us_verified_insufficientFunds")
        control.post("clock/advance", seconds=5 * DAY + 1)
        failed = wait_for(lambda: (now := client.v1.topups.retrieve(topup.id)).status == "failed" and now)
        assert failed.failure_code == "insufficient_funds"
        assert about(control, topup) == ["topup.created", "topup.failed"]
        assert available(client) == 0

    def test_they_are_called_off(self, client, control, previous):
        topup = self.made(client)
        assert client.v1.topups.cancel(topup.id).status == "canceled"
        assert previous("topup.canceled") == {"status": "pending"}
        with pytest.raises(stripe.InvalidRequestError, match="canceled"):
            client.v1.topups.cancel(topup.id)

    def test_lists_and_changes(self, client):
        small, large = self.made(client, amount=1), self.made(client, amount=9000)
        found = client.v1.topups.list({"amount": {"gt": 1}}).data
        assert [one.id for one in found] == [large.id]
        assert [one.id for one in client.v1.topups.list({"amount": {"lt": 9000}}).data] == [small.id]
        assert client.v1.topups.update(small.id, {"description": "less"}).description == "less"

    def test_an_unknown_source(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            self.made(client, source="src_none")
        assert caught.value.param == "source"


@pytest.mark.parametrize("currency", ["huf", "twd"])
def test_some_currencies_are_paid_out_whole(client, currency):
    pay(client, "pm_card_bypassPending", amount=100_000, currency=currency)
    with pytest.raises(stripe.InvalidRequestError, match="whole") as caught:
        client.v1.payouts.create({"amount": 1050, "currency": currency})
    assert caught.value.param == "amount"
