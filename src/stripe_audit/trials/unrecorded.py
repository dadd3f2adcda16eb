"""Whether a target stores nothing of a payment that succeeded: what a missing order means."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.models import Finding
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.journeys import travel

__all__ = ["unrecorded"]


async def unrecorded(ctx: Context, consequence: str, *, otherwise: str = "the order is not found") -> Finding:
    """The finding that a paid order is stored nowhere, with what follows from that for the check.

    A payment of its own is the control. Where the observer cannot search everything that the target stores, or finds
    the payment there, an order that is not found may be asked for in the wrong way: raises Inconclusive.
    """
    payment = await travel(ctx, "paid")
    await settled(ctx, [payment.intent])
    if await ctx.orders.holds(payment) is not False:
        ctx.inconclusive(otherwise, supply="observers.order, target.routes.create_payment.response")
    detail = f"A payment succeeded, and its order, PaymentIntent and e-mail address are in no table. {consequence}"
    seen = ctx.evidence("every table of the database was searched", data={"payment_intent": payment.intent})
    label = ctx.target.route("create_payment").label
    return ctx.finding("A paid order is stored nowhere", detail, seen, route=label, discriminator="unrecorded")
