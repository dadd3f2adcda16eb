"""A dispute from the day it is opened to its outcome (docs.stripe.com/disputes, docs.stripe.com/testing#disputes)."""

from __future__ import annotations

from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["OPEN", "close", "consider", "open_dispute"]

EVIDENCE_SECONDS = 7 * 24 * 3600
FEE = 1500
"""Minor units: 15 dollars, as in a US account (stripe.com/pricing)."""
OPEN = ("needs_response", "warning_needs_response")
"""States in which evidence is awaited."""
_REVIEW = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
_INQUIRIES = ("warning_needs_response", "warning_under_review")
_VISA_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "noncompliant": "98"}
_OTHER_CODES = {"fraudulent": "4837", "product_not_received": "4853", "noncompliant": "98"}
_ESCALATED = "escalate_inquiry_evidence"
_OUTCOMES = {"winning_evidence": "won", "losing_evidence": "lost"}
"""What ``uncategorized_text`` decides in a test (docs.stripe.com/testing#evidence)."""


def open_dispute(world: World, charge: Obj, amount: int, *, reason: str, case: str = "chargeback") -> Obj:
    """The cardholder asks for the money back. Unless it is an inquiry, the money leaves at once, with a fee."""
    is_inquiry = case == "inquiry"
    now = world.clock.seconds()
    dispute = blank(
        "dispute",
        id=world.ids.new("du"),
        object="dispute",
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(PARAMS["dispute_update"]["p"]["evidence"]["p"]), "enhanced_evidence": {}},
        evidence_details={
            "due_by": now + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=is_inquiry,
        livemode=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details=_details(world, charge, reason, case),
        reason=reason,
        status="warning_needs_response" if is_inquiry else "needs_response",
    )
    if dispute["payment_method_details"]:
        dispute["network_reason_code"] = dispute["payment_method_details"]["card"]["network_reason_code"]
    world.store.add(dispute, owner=charge["id"])
    charge["disputed"] = True
    world.emit("charge.dispute.created", dispute)
    if not is_inquiry:
        _withdraw(world, dispute)
    world.clock.later(EVIDENCE_SECONDS, _miss, world, dispute)
    return dispute


def consider(world: World, dispute: Obj) -> None:
    """Evidence was submitted: the bank looks at it, and decides as the test's text says."""
    details = dispute["evidence_details"]
    details.update(submission_count=details["submission_count"] + 1, submission_method="manual")
    dispute["status"] = _REVIEW[dispute["status"]]
    text = dispute["evidence"]["uncategorized_text"]
    if text in _OUTCOMES or (text == _ESCALATED and dispute["status"] in _INQUIRIES):
        world.clock.later(world.config.refund_delay, _decide, world, dispute, text)


def close(world: World, call: Call | None, dispute: Obj, status: str) -> None:
    """End a dispute as ``won`` or ``lost``; an inquiry ends as ``warning_closed`` whatever the outcome is."""
    before = dispute["status"]
    dispute["status"] = "warning_closed" if before in _INQUIRIES else status
    world.emit("charge.dispute.closed", dispute, call, previous={"status": before})
    if dispute["status"] == "won":
        previous = {"balance_transactions": snapshot(dispute["balance_transactions"])}
        _book(world, dispute, dispute["amount"], "dispute_reversal", "Chargeback reversal for", 0)
        world.emit("charge.dispute.funds_reinstated", dispute, call, previous=previous)


def _details(world: World, charge: Obj, reason: str, case: str) -> Obj | None:
    if charge["payment_method_details"]["type"] != "card":
        return None
    brand = world.cards[charge["payment_method"]].brand
    code = (_VISA_CODES if brand == "visa" else _OTHER_CODES).get(reason)
    return {
        "type": "card",
        "card": {"brand": brand, "case_type": case, "network": brand, "network_reason_code": code},
    }


def _withdraw(world: World, dispute: Obj) -> None:
    previous = {"balance_transactions": snapshot(dispute["balance_transactions"])}
    _book(world, dispute, -dispute["amount"], "dispute", "Chargeback withdrawal for", FEE)
    world.emit("charge.dispute.funds_withdrawn", dispute, previous=previous)


def _book(world: World, dispute: Obj, amount: int, category: str, words: str, fee: int) -> None:
    source = {**dispute, "description": f"{words} {dispute['charge']}"}
    booked = balance.book(world, source, amount, "adjustment", fee=fee, category=category)
    dispute["balance_transactions"] = [*dispute["balance_transactions"], booked]


def _decide(world: World, dispute: Obj, text: str) -> None:
    if dispute["status"] not in _REVIEW.values():
        return
    if text == _ESCALATED:
        _escalate(world, dispute)
    else:
        close(world, None, dispute, _OUTCOMES[text])


def _escalate(world: World, dispute: Obj) -> None:
    """The inquiry becomes a chargeback, and evidence is awaited anew."""
    previous = {
        "evidence_details": {"due_by": dispute["evidence_details"]["due_by"]},
        "is_charge_refundable": True,
        "status": dispute["status"],
    }
    dispute.update(status="needs_response", is_charge_refundable=False)
    dispute["evidence_details"]["due_by"] = world.clock.seconds() + EVIDENCE_SECONDS
    if dispute["payment_method_details"]:
        dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
        previous["payment_method_details"] = {"card": {"case_type": "inquiry"}}
    world.emit("charge.dispute.updated", dispute, previous=previous)
    _withdraw(world, dispute)
    world.clock.later(EVIDENCE_SECONDS, _miss, world, dispute)


def _miss(world: World, dispute: Obj) -> None:
    """The day has passed without evidence."""
    if dispute["status"] in OPEN and world.clock.seconds() >= dispute["evidence_details"]["due_by"]:
        dispute["evidence_details"]["past_due"] = True
        close(world, None, dispute, "lost")


@after("charge.refunded")
def _refunded(world: World, charge: Obj, call: Call | None) -> None:
    """An inquiry has no object once all money was given back."""
    if charge["refunded"]:
        for dispute in world.store.members("dispute", charge["id"]):
            if dispute["status"] in _INQUIRIES:
                close(world, call, dispute, "lost")
