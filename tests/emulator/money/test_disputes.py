"""Disputes from the first notice to the outcome, and what they do to the charge and the balance."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import pay, wait_for

WEEK = 7 * 24 * 3600


def disputed(client, card="pm_card_createDispute"):
    """The only dispute of a new payment over 20 dollars."""
    intent = pay(client, card)
    return client.v1.disputes.list({"payment_intent": intent.id}).data[0]


def balance(client):
    return sum(one.net for one in client.v1.balance_transactions.list({"limit": 100}).data)


def about(control, dispute):
    return [type for type in control.events(dispute.id) if type.startswith("charge.dispute.")]


def test_money_leaves_when_a_dispute_opens(client, control, previous):
    dispute = disputed(client)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 2000)
    assert (dispute.is_charge_refundable, dispute.payment_method_details.card.case_type) == (False, "chargeback")
    assert client.v1.charges.retrieve(dispute.charge).disputed is True
    booked = dispute.balance_transactions[0]
    assert (booked.amount, booked.fee, booked.net, booked.type) == (-2000, 1500, -3500, "adjustment")
    assert (booked.reporting_category, booked.source) == ("dispute", dispute.id)
    assert about(control, dispute) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert previous("charge.dispute.funds_withdrawn") == {"balance_transactions": []}
    assert differences(client.v1.disputes.retrieve(dispute.id).to_dict()) == []


@pytest.mark.parametrize(
    ("card", "reason", "case"),
    [
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "chargeback"),
        ("pm_card_createComplianceDispute", "noncompliant", "compliance"),
        ("pm_card_createMastercardComplianceDispute", "noncompliant", "compliance"),
        ("pm_card_createDisputeInquiry", "general", "inquiry"),
    ],
)
def test_cards_for_other_reasons(client, card, reason, case):
    dispute = disputed(client, card)
    assert (dispute.reason, dispute.payment_method_details.card.case_type) == (reason, case)


def test_a_payment_is_disputed_twice(client):
    intent = pay(client, "pm_card_createMultipleDisputes", amount=2001)
    found = client.v1.disputes.list({"charge": intent.latest_charge}).data
    assert [one.amount for one in found] == [1000, 1001]


def test_evidence_wins(client, control, previous):
    dispute = disputed(client)
    before = balance(client)
    answered = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert answered.status == "under_review"
    details = answered.evidence_details
    assert (details.has_evidence, details.submission_count, details.submission_method) == (True, 1, "manual")
    assert previous("charge.dispute.updated") == {
        "status": "needs_response",
        "evidence": {"uncategorized_text": None},
        "evidence_details": {"has_evidence": False, "submission_count": 0, "submission_method": "not_submitted"},
    }
    wait_for(lambda: client.v1.disputes.retrieve(dispute.id).status == "won")
    assert about(control, dispute)[2:] == [
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    assert previous("charge.dispute.closed") == {"status": "under_review"}
    assert balance(client) == before + 2000
    won = client.v1.disputes.retrieve(dispute.id)
    assert [one.reporting_category for one in won.balance_transactions] == ["dispute", "dispute_reversal"]


def test_evidence_loses(client, control):
    dispute = disputed(client)
    before = balance(client)
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "losing_evidence"}})
    wait_for(lambda: client.v1.disputes.retrieve(dispute.id).status == "lost")
    assert about(control, dispute)[-1] == "charge.dispute.closed"
    assert balance(client) == before


def test_evidence_can_be_prepared_and_submitted_later(client, previous):
    dispute = disputed(client)
    staged = client.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}, "submit": False})
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0
    sent = client.v1.disputes.update(dispute.id, {"submit": True})
    assert (sent.status, sent.evidence.customer_name) == ("under_review", "Ada")
    with pytest.raises(stripe.InvalidRequestError, match="under_review"):
        client.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Eve"}})
    assert client.v1.disputes.update(dispute.id, {"metadata": {"a": "b"}}).metadata.to_dict() == {"a": "b"}
    assert previous("charge.dispute.updated") == {"metadata": {"a": None}}


def test_a_dispute_is_accepted(client, control, previous):
    dispute = disputed(client)
    assert client.v1.disputes.close(dispute.id).status == "lost"
    assert about(control, dispute)[-1] == "charge.dispute.closed"
    assert previous("charge.dispute.closed") == {"status": "needs_response"}
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute.id)


def test_a_dispute_that_nobody_answers_is_lost(client, control):
    dispute = disputed(client)
    control.post("clock/advance", seconds=WEEK + 1)
    lost = wait_for(lambda: (found := client.v1.disputes.retrieve(dispute.id)).status == "lost" and found)
    assert lost.evidence_details.past_due is True


class TestInquiries:
    def test_no_money_moves(self, client, control):
        dispute = disputed(client, "pm_card_createDisputeInquiry")
        assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
        assert dispute.balance_transactions == []
        assert about(control, dispute) == ["charge.dispute.created"]

    @pytest.mark.parametrize("text", ["winning_evidence", "losing_evidence"])
    def test_they_end_without_a_winner(self, client, control, text):
        dispute = disputed(client, "pm_card_createDisputeInquiry")
        before = balance(client)
        client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
        wait_for(lambda: client.v1.disputes.retrieve(dispute.id).status == "warning_closed")
        assert about(control, dispute)[1:] == ["charge.dispute.updated", "charge.dispute.closed"]
        assert balance(client) == before

    def test_they_become_chargebacks(self, client, control, previous):
        dispute = disputed(client, "pm_card_createDisputeInquiry")
        client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}})
        wait_for(lambda: client.v1.disputes.retrieve(dispute.id).status == "needs_response")
        grown = client.v1.disputes.retrieve(dispute.id)
        assert (grown.is_charge_refundable, grown.balance_transactions[0].amount) == (False, -2000)
        assert about(control, dispute)[2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
        assert previous("charge.dispute.updated")["status"] == "warning_under_review"
        client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
        wait_for(lambda: client.v1.disputes.retrieve(dispute.id).status == "won")

    def test_a_full_refund_ends_them(self, client):
        dispute = disputed(client, "pm_card_createDisputeInquiry")
        client.v1.refunds.create({"charge": dispute.charge, "amount": 500})
        assert client.v1.disputes.retrieve(dispute.id).status == "warning_needs_response"
        client.v1.refunds.create({"charge": dispute.charge})
        assert client.v1.disputes.retrieve(dispute.id).status == "warning_closed"


def test_an_early_fraud_warning(client, seen, previous):
    intent = pay(client, "pm_card_createIssuerFraudRecord")
    warning = client.v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data[0]
    assert (warning.charge, warning.actionable) == (intent.latest_charge, True)
    assert differences(warning.to_dict()) == []
    client.v1.refunds.create({"charge": intent.latest_charge, "amount": 1})
    assert client.v1.radar.early_fraud_warnings.retrieve(warning.id).actionable is True
    client.v1.refunds.create({"charge": intent.latest_charge})
    assert client.v1.radar.early_fraud_warnings.retrieve(warning.id).actionable is False
    assert previous("radar.early_fraud_warning.updated") == {"actionable": True}
    assert seen().count("radar.early_fraud_warning.updated") == 1


def test_a_risky_payment_is_reviewed(client, seen, previous):
    intent = pay(client, "pm_card_riskLevelElevated")
    review = client.v1.reviews.list().data[0]
    assert (review.open, review.reason, review.charge) == (True, "rule", intent.latest_charge)
    assert client.v1.payment_intents.retrieve(intent.id).review == review.id
    assert differences(review.to_dict()) == []
    approved = client.v1.reviews.approve(review.id)
    assert (approved.open, approved.closed_reason, approved.reason) == (False, "approved", "approved")
    assert previous("review.closed") == {"closed_reason": None, "open": True, "reason": "rule"}
    assert client.v1.charges.retrieve(intent.latest_charge).review is None
    assert client.v1.reviews.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.reviews.approve(review.id)
    assert [type for type in seen() if type.startswith("review.")] == ["review.opened", "review.closed"]


def test_a_refund_ends_a_review(client):
    intent = pay(client, "pm_card_riskLevelElevated")
    review = client.v1.reviews.list().data[0]
    client.v1.refunds.create({"payment_intent": intent.id})
    assert client.v1.reviews.retrieve(review.id).closed_reason == "refunded"
