"""What a customer is told of a payment, by mail or by notification."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import Mail
from stripe_audit.observers.notifications import Notification
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.journeys import give_back_half
from stripe_audit.trials.mails import are_more, said_since

__all__ = ["customer_told"]


async def customer_told(
    ctx: Context, payment_method: str, *, refund: bool = False
) -> tuple[list[Mail | Notification], bool]:
    """What the customer gets once the payment was tried (and half of it given back), and whether from Stripe, too.

    Raises Inconclusive where the payment ended otherwise.
    """
    payment = await ctx.payments.new()
    await settled(ctx, [payment.intent])
    names = [payment.order, payment.intent]
    before = ctx.told(payment.email, names)
    answer = await ctx.payments.confirm(payment, payment_method)
    if answer.state not in ("succeeded", "requires_payment_method"):
        raise Inconclusive(f"a payment with {payment_method} is {answer.state} at Stripe")
    await ctx.hears(payment.email, names, until=are_more(before))
    await settled(ctx, [payment.intent])
    told = await ctx.hears(payment.email, names, until=are_more(before, by=2), within=0.3)
    since = said_since(told, before)
    intent = await ctx.stripe.get(f"/v1/payment_intents/{payment.intent}")
    if refund and since:
        await give_back_half(ctx, payment)
        known = {(one.subject, one.body) for one in told}
        now = await ctx.hears(payment.email, names, until=are_more(told), within=0.3)
        later = said_since(now, told)
        since += [one for one in later if (one.subject, one.body) in known]
    return since, bool(intent.get("receipt_email"))
