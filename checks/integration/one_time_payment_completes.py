"""A payment from end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Order, Payment, Severity, Uses, trials


class Wrong(NamedTuple):
    """Where the journey broke off, or went too far."""

    id: str
    severity: Severity
    title: str
    detail: str


class OneTimePaymentCompletes(Check):
    """A customer can buy one item: the order is paid, handed over once, confirmed, and the shop is still well.

    What it checks:
        The whole way, each step seen where it has its effect: the health route, the order, the payment at Stripe, the
        webhook events, the order paid, fulfilled exactly once (where the observer shows it), a mail to the customer
        (where mails are seen; Stripe's own receipt counts too), and the health route again.

    Why it matters:
        This is what the shop is for. Each part can be right by itself and the whole still deliver nothing: paid, and
        never handed over.

    How to fix:
        Begin at the first step named in the finding. Fulfil in the webhook's handler, or in what it queues, in the same
        transaction that sets the order to paid; serverless functions may be stopped once they have answered.
    """

    id = "one-time-payment-completes"
    task = "6.1"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/checkout/fulfillment", "docs.stripe.com/payments/accept-a-payment")
    max_requests = 60
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Buy one item, watching every step."""
        route = ctx.target.route("create_payment").label
        was_well = await is_well(ctx)
        payment = await trials.travel(ctx, "paid")
        order, _ = await ctx.orders.eventually(payment, is_complete)
        if order is None:
            yield await trials.unrecorded(ctx, "Nobody can ever deliver it.")
            return
        if order.fulfilled is None:
            ctx.note(
                "whether the order is fulfilled is not seen: target.routes.order.response.fulfilled names no field"
            )
        told = await is_told(ctx, payment) if order.is_paid else None
        await trials.settled(ctx, [payment.intent])
        later, _ = await ctx.orders.stays(payment, lambda later: (later.fulfilled or 0) <= 1, during=0.2)
        order = later or order
        for wrong in assess(order, told, was_well and not await is_well(ctx)):
            seen = ctx.evidence("the order at the end", payment.answer, data=order.summary)
            yield ctx.finding(
                wrong.title, wrong.detail, seen, severity=wrong.severity, route=route, discriminator=wrong.id
            )


def is_complete(order: Order) -> bool:
    """Paid, and handed over where that is shown."""
    return order.is_paid and order.fulfilled != 0


async def is_well(ctx: Context) -> bool:
    """Whether the health route answers 2xx; true where there is none."""
    return not ctx.target.has("health") or (await ctx.target.call("health")).is_success


async def is_told(ctx: Context, payment: Payment) -> bool | None:
    """Whether the customer got a mail; None where it cannot be seen, or where Stripe sends the receipt."""
    intent = await trials.intent_of(ctx, payment)
    mails = await trials.mails_if_seen(ctx, payment.email, within=0.5 if intent["receipt_email"] else None)
    return None if mails is None or (not mails and intent["receipt_email"]) else bool(mails)


def assess(order: Order, is_told: bool | None, has_fallen: bool) -> list[Wrong]:
    """What is wrong at the journey's end."""
    wrong = []
    if not order.is_paid:
        detail = f"The customer has paid at Stripe, and the order is {order.raw_state!r}."
        wrong.append(Wrong("paid", Severity.CRITICAL, "The order is not paid in the end", detail))
    elif order.fulfilled == 0:
        detail = "The order is paid, and nothing is handed over: it is not fulfilled."
        wrong.append(Wrong("fulfilled", Severity.CRITICAL, "A paid order is not fulfilled", detail))
    elif (order.fulfilled or 0) > 1:
        detail = f"One payment fulfilled the order {order.fulfilled} times."
        wrong.append(Wrong("repeated", Severity.CRITICAL, "An order is fulfilled more than once", detail))
    if order.is_paid and is_told is False:
        detail = "The order is paid, no mail came to the customer, and Stripe was not asked for a receipt either."
        wrong.append(Wrong("told", Severity.MEDIUM, "The customer hears nothing of the payment", detail))
    if has_fallen:
        detail = "The health route answered 2xx before the payment, and no longer does."
        wrong.append(Wrong("health", Severity.HIGH, "A payment makes the server unwell", detail))
    return wrong
