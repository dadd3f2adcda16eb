"""Issued cards: their holders, authorizations, transactions and disputes."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import wait_for

ADDRESS = {"line1": "1234 Main Street", "city": "San Francisco", "state": "CA", "postal_code": "94111", "country": "US"}


@pytest.fixture
def issuing(client):
    return client.v1.issuing


@pytest.fixture
def tests(client):
    return client.v1.test_helpers.issuing


@pytest.fixture
def holder(issuing):
    return issuing.cardholders.create({"name": "Ada", "type": "individual", "billing": {"address": ADDRESS}})


@pytest.fixture
def card(issuing, holder):
    return issuing.cards.create({"cardholder": holder.id, "currency": "usd", "type": "virtual", "status": "active"})


@pytest.fixture
def approved(issuing, tests, card):
    made = tests.authorizations.create({"card": card.id, "amount": 1000})
    return issuing.authorizations.approve(made.id)


def test_holders_and_cards(issuing, holder, card, seen, previous):
    assert (card.cardholder.id, card.status, card.last4) == (holder.id, "active", "0001")
    assert differences(card.to_dict()) == [] == differences(holder.to_dict())
    issuing.cards.update(card.id, {"status": "inactive"})
    assert previous("issuing_card.updated") == {"status": "active"}
    issuing.cardholders.update(holder.id, {"email": "a@example.com"})
    assert previous("issuing_cardholder.updated") == {"email": None}
    assert issuing.cards.update(card.id, {"status": "canceled", "cancellation_reason": "lost"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        issuing.cards.update(card.id, {"status": "active"})
    assert [one.id for one in issuing.cards.list({"cardholder": holder.id}).data] == [card.id]
    assert issuing.cards.list({"cardholder": "ich_none"}).data == []
    assert seen()[:2] == ["issuing_cardholder.created", "issuing_card.created"]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"type": "virtual"}, "cardholder"),
        ({"type": "virtual", "cardholder": "ich_none"}, "cardholder"),
        ({"type": "physical"}, "shipping"),
    ],
)
def test_cards_that_cannot_be(issuing, holder, params, param):
    known = {} if param == "cardholder" else {"cardholder": holder.id}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        issuing.cards.create({"currency": "usd", **known, **params})
    assert caught.value.param == param


class TestAuthorizations:
    def test_the_account_decides(self, issuing, tests, card, seen):
        asked = tests.authorizations.create({"card": card.id, "amount": 1000})
        assert (asked.approved, asked.status, asked.pending_request.amount) == (False, "pending", 1000)
        assert differences(asked.to_dict()) == []
        declined = issuing.authorizations.decline(asked.id)
        assert (declined.approved, declined.status) == (False, "closed")
        assert (declined.request_history[0].reason, declined.pending_request) == ("webhook_declined", None)
        assert seen()[-2:] == ["issuing_authorization.request", "issuing_authorization.created"]
        with pytest.raises(stripe.InvalidRequestError, match="already"):
            issuing.authorizations.approve(asked.id)

    def test_stripe_decides_where_nobody_does(self, issuing, tests, card, control):
        asked = tests.authorizations.create({"card": card.id, "amount": 1000})
        control.post("clock/advance", seconds=2.1)
        wait_for(lambda: issuing.authorizations.retrieve(asked.id).approved)
        assert issuing.authorizations.retrieve(asked.id).request_history[0].reason == "webhook_timeout"

    def test_an_inactive_card_is_not_asked_about(self, issuing, tests, card, seen):
        issuing.cards.update(card.id, {"status": "inactive"})
        declined = tests.authorizations.create({"card": card.id, "amount": 1000})
        assert (declined.approved, declined.status) == (False, "closed")
        assert declined.request_history[0].reason == "card_inactive"
        assert "issuing_authorization.request" not in seen()

    def test_it_is_captured(self, issuing, tests, approved, previous):
        done = tests.authorizations.capture(approved.id)
        assert (done.status, done.amount, done.transactions[0].amount) == ("closed", 0, -1000)
        assert done.transactions[0].authorization == approved.id
        assert previous("issuing_authorization.updated") == {"status": "pending", "amount": 1000}
        with pytest.raises(stripe.InvalidRequestError, match="not pending"):
            tests.authorizations.expire(approved.id)

    def test_it_grows_and_shrinks(self, tests, approved, previous):
        assert tests.authorizations.increment(approved.id, {"increment_amount": 500}).amount == 1500
        assert previous("issuing_authorization.updated") == {"amount": 1000, "merchant_amount": 1000}
        assert tests.authorizations.reverse(approved.id, {"reverse_amount": 200}).amount == 1300
        with pytest.raises(stripe.InvalidRequestError):
            tests.authorizations.reverse(approved.id, {"reverse_amount": 1301})
        assert tests.authorizations.reverse(approved.id).status == "reversed"

    def test_it_expires(self, issuing, tests, approved):
        assert tests.authorizations.expire(approved.id).status == "expired"
        assert [one.id for one in issuing.authorizations.list({"status": "expired"}).data] == [approved.id]

    def test_only_some_amounts_are_the_accounts_choice(self, issuing, tests, card):
        fixed = tests.authorizations.create({"card": card.id, "amount": 1000})
        with pytest.raises(stripe.InvalidRequestError, match="controlled"):
            issuing.authorizations.approve(fixed.id, {"amount": 10})
        free = tests.authorizations.create({"card": card.id, "amount": 1000, "is_amount_controllable": True})
        assert issuing.authorizations.approve(free.id, {"amount": 10}).amount == 10


class TestTransactions:
    @pytest.fixture
    def spent(self, tests, card):
        return tests.transactions.create_force_capture({"card": card.id, "amount": 100, "currency": "usd"})

    def test_they_are_recorded(self, issuing, spent, card, seen, previous):
        assert (spent.amount, spent.type, spent.card, spent.authorization) == (-100, "capture", card.id, None)
        assert differences(spent.to_dict()) == []
        issuing.transactions.update(spent.id, {"metadata": {"order_id": "6735"}})
        assert previous("issuing_transaction.updated") == {"metadata": {"order_id": None}}
        assert "issuing_transaction.purchase_details_receipt_updated" not in seen()
        assert [one.id for one in issuing.transactions.list({"card": card.id}).data] == [spent.id]

    def test_a_receipt(self, issuing, tests, card, seen):
        line = {"description": "Ride", "quantity": "1", "unit_cost": 10000}
        spent = tests.transactions.create_force_capture(
            {"card": card.id, "amount": 100, "purchase_details": {"receipt": [line]}}
        )
        shown = issuing.transactions.retrieve(spent.id, {"expand": ["purchase_details"]})
        assert shown.purchase_details.receipt[0].unit_cost == 10000
        assert seen()[-1] == "issuing_transaction.purchase_details_receipt_updated"

    def test_money_comes_back(self, tests, spent):
        assert (tests.transactions.refund(spent.id).amount, tests.transactions.refund(spent.id).type) == (100, "refund")
        with pytest.raises(stripe.InvalidRequestError):
            tests.transactions.refund(spent.id, {"refund_amount": 101})

    @pytest.mark.parametrize(
        ("text", "status", "last"),
        [
            ("winning_evidence", "won", "issuing_dispute.funds_reinstated"),
            ("losing_evidence", "lost", "issuing_dispute.closed"),
        ],
    )
    def test_they_are_disputed(self, issuing, spent, seen, text, status, last):
        dispute = issuing.disputes.create({"transaction": spent.id, "evidence": {"reason": "fraudulent"}})
        assert (dispute.status, dispute.amount) == ("unsubmitted", 100)
        assert differences(dispute.to_dict()) == []
        with pytest.raises(stripe.InvalidRequestError, match="missing"):
            issuing.disputes.submit(dispute.id)
        issuing.disputes.update(dispute.id, {"evidence": {"fraudulent": {"explanation": text}}})
        assert issuing.disputes.submit(dispute.id).status == "submitted"
        wait_for(lambda: issuing.disputes.retrieve(dispute.id).status == status)
        assert wait_for(lambda: seen()[-1] == last)
        with pytest.raises(stripe.InvalidRequestError, match=status):
            issuing.disputes.submit(dispute.id)
        with pytest.raises(stripe.InvalidRequestError, match="already disputed"):
            issuing.disputes.create({"transaction": spent.id})
        assert issuing.transactions.retrieve(spent.id).dispute == dispute.id
