"""Balance transactions: what each charge and refund does to the balance (docs.stripe.com/api/balance_transactions)."""

from __future__ import annotations

from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["book"]

FEE_PER_MILLE, FEE_FIXED = 29, 30
"""2.9 % and 30 minor units, as in a US account (stripe.com/pricing)."""
SETTLEMENT_SECONDS = 2 * 24 * 3600


def book(world: World, source: Obj, amount: int, kind: str) -> Obj:
    """Record a movement of ``amount`` minor units (negative for refunds) that ``source`` caused."""
    fee = round(amount * FEE_PER_MILLE / 1000) + FEE_FIXED if kind == "charge" else 0
    now = world.clock.seconds()
    transaction = blank(
        "balance_transaction",
        id=world.ids.new("txn"),
        object="balance_transaction",
        amount=amount,
        available_on=now + SETTLEMENT_SECONDS,
        balance_type="payments",
        created=now,
        currency=source["currency"],
        description=source.get("description"),
        fee=fee,
        fee_details=[
            {
                "amount": fee,
                "application": None,
                "currency": source["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ]
        if fee
        else [],
        net=amount - fee,
        reporting_category=kind,
        source=source["id"],
        status="pending",
        type=kind,
    )
    return world.store.add(transaction)
