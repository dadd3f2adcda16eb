"""On whose account the target makes its payments, and whether anything hears of connected accounts."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.errors import Skip, StripeError
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Call

__all__ = ["calls_seen", "destinations_hear_connected", "is_on_own_account"]


async def calls_seen(ctx: Context) -> list[Call]:
    """The calls of the target at Stripe; none where Stripe does not tell of them."""
    try:
        return await ctx.stripe.journal(caller="target")
    except Skip:
        return []


async def is_on_own_account(ctx: Context, payment: Payment) -> bool | None:
    """Whether a payment is on the account of the keys; False for a connected account, None where nothing tells."""
    try:
        await ctx.stripe.get(f"/v1/payment_intents/{payment.intent}")
    except StripeError:
        named = [call for call in await calls_seen(ctx) if call.object == payment.intent]
        return False if any(call.stripe_account for call in named) else None
    return True


async def destinations_hear_connected(ctx: Context) -> bool | None:
    """Whether an event destination is for connected accounts; None where the account does not tell.

    Shape: docs.stripe.com/api/v2/core/event-destinations, ``events_from``.
    """
    try:
        listed = await ctx.stripe.get("/v2/core/event_destinations")
    except (StripeError, Skip):
        return None
    return any("@accounts" in (one.get("events_from") or ()) for one in listed.get("data") or ())
