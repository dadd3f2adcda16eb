"""What some test cards bring after a successful charge: disputes and warnings (docs.stripe.com/testing#disputes)."""

from __future__ import annotations

from stripe_audit.emulator.resources import balance
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["follow_up"]

EVIDENCE_SECONDS = 7 * 24 * 3600
_CASES = {True: "inquiry", False: "chargeback"}


def follow_up(world: World, charge: Obj) -> None:
    """Open the dispute, inquiry or early fraud warning that the charge's card is known for."""
    aftermath = world.cards[charge["payment_method"]].aftermath
    if aftermath in ("dispute", "inquiry"):
        _dispute(world, charge, is_inquiry=aftermath == "inquiry")
    elif aftermath == "fraud_warning":
        _warn(world, charge)


def _dispute(world: World, charge: Obj, *, is_inquiry: bool) -> None:
    now = world.clock.seconds()
    dispute = blank(
        "dispute",
        id=world.ids.new("du"),
        object="dispute",
        amount=charge["amount_captured"],
        balance_transactions=[],
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={},
        evidence_details={
            "due_by": now + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=is_inquiry,
        livemode=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "type": "card",
            "card": {"brand": world.cards[charge["payment_method"]].brand, "case_type": _CASES[is_inquiry]},
        },
        reason="general" if is_inquiry else "fraudulent",
        status="warning_needs_response" if is_inquiry else "needs_response",
    )
    world.store.add(dispute, owner=charge["id"])
    charge["disputed"] = True
    world.emit("charge.dispute.created", dispute)
    if not is_inquiry:
        booked = balance.book(world, {**dispute, "description": None}, -dispute["amount"], "adjustment")
        dispute["balance_transactions"] = [booked]
        world.emit("charge.dispute.funds_withdrawn", dispute)


def _warn(world: World, charge: Obj) -> None:
    warning = blank(
        "radar.early_fraud_warning",
        id=world.ids.new("issfr"),
        object="radar.early_fraud_warning",
        actionable=True,
        charge=charge["id"],
        created=world.clock.seconds(),
        fraud_type="misc",
        livemode=False,
        payment_intent=charge["payment_intent"],
    )
    world.store.add(warning, owner=charge["id"])
    world.emit("radar.early_fraud_warning.created", warning)
