"""What some test cards bring after a successful charge: disputes, warnings, reviews (docs.stripe.com/testing)."""

from __future__ import annotations

from stripe_audit.emulator.resources.money import radar
from stripe_audit.emulator.resources.money.dispute_machine import open_dispute
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["follow_up"]

_DISPUTES = {
    "dispute": ("fraudulent", "chargeback"),
    "undelivered": ("product_not_received", "chargeback"),
    "compliance": ("noncompliant", "compliance"),
    "inquiry": ("general", "inquiry"),
}
"""Reason, and the network's kind of case."""


def follow_up(world: World, charge: Obj) -> None:
    """Open the disputes, early fraud warning or review that the charge's card is known for."""
    card = world.cards[charge["payment_method"]]
    amount: int = charge["amount_captured"]
    if card.risk == "elevated":
        radar.open_review(world, charge)
    if card.aftermath == "fraud_warning":
        radar.warn(world, charge)
    elif card.aftermath == "disputes":
        for part in (amount - amount // 2, amount // 2):
            open_dispute(world, charge, part, reason="fraudulent")
    elif card.aftermath in _DISPUTES:
        reason, case = _DISPUTES[card.aftermath]
        open_dispute(world, charge, amount, reason=reason, case=case)
