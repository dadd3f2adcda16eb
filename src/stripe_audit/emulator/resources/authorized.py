"""Money that is authorised and not captured: it is held for a week, and then let go.

Source: docs.stripe.com/payments/place-a-hold-on-a-payment-method ("the funds are released and the payment status
changes to canceled"); docs.stripe.com/api/charges/capture ("marked as refunded").
"""

from __future__ import annotations

from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["HELD_SECONDS", "VISA_OFF_SESSION_SECONDS", "hold", "is_expired"]

HELD_SECONDS = 7 * 24 * 3600
VISA_OFF_SESSION_SECONDS = (4 * 24 + 18) * 3600
"""Visa's window for payments that merchants initiate: five days, less the time that clearing takes."""


def hold(world: World, charge: Obj, *, is_off_session: bool = False) -> None:
    """Say until when an authorised charge can be captured, and let it expire then."""
    details, seconds = charge["payment_method_details"], HELD_SECONDS
    if details["type"] == "card":
        if is_off_session and details["card"]["brand"] == "visa":
            seconds = VISA_OFF_SESSION_SECONDS
        details["card"]["capture_before"] = world.clock.seconds() + seconds
    world.clock.later(seconds, _expire, world, charge)


def is_expired(charge: Obj) -> bool:
    """Whether the charge was let go without a capture."""
    return bool(charge["refunded"] and not charge["captured"])


def _expire(world: World, charge: Obj) -> None:
    if charge["captured"] or charge["refunded"]:
        return
    charge.update(refunded=True, amount_refunded=charge["amount"])
    world.emit("charge.expired", charge, previous={"amount_refunded": 0, "refunded": False})
    intent = world.store.by_id.get(charge["payment_intent"] or "")
    if intent is None or intent["status"] != "requires_capture" or intent["latest_charge"] != charge["id"]:
        return
    intent.update(
        status="canceled",
        canceled_at=world.clock.seconds(),
        cancellation_reason="automatic",
        amount_capturable=0,
    )
    world.emit("payment_intent.canceled", intent)
