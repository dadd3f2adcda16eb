"""A webhook event of the mode that the target does not run in."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.observers.interface import OrderState
from stripe_audit.trials.events import Told
from stripe_audit.trials.stripe_calls import intent_of

__all__ = ["paid_in_other_mode"]


async def paid_in_other_mode(ctx: Context) -> Told:
    """Tells that a payment succeeded which, in the mode of the target, is not paid.

    The PaymentIntent has an id that this mode does not know, as real ones of the other mode have, and it names our
    order: the same numbers are given out in both databases. Raises Skip where no order can be read.
    """
    payment = await ctx.payments.new(is_held=True)
    order = await ctx.orders.read(payment)
    if order is not None and order.state is not OrderState.UNPAID:
        raise Skip("an order that is not paid does not show as unpaid", setting="observers.order.states")
    intent = await intent_of(ctx, payment)
    identity = f"pi_3OtherMode{payment.intent.rpartition('_')[2][-12:]}"
    is_live = ctx.environment != "live"
    told = {
        **intent,
        "id": identity,
        "client_secret": f"{identity}_secret_{ctx.tag}",
        "livemode": is_live,
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": f"ch_{identity[3:]}",
    }
    event = await ctx.stripe.synthesize("payment_intent.succeeded", told)
    return Told({**event, "livemode": is_live, "data": {"object": told}}, payment, is_made_up=True)
