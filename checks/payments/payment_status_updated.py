"""The order follows the payment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Order, Severity, Uses, trials


class Wrong(NamedTuple):
    """Something that is wrong with an order."""

    id: str
    severity: Severity
    title: str
    detail: str


class PaymentStatusUpdated(Check):
    """An order becomes paid when its payment succeeds at Stripe, and not before.

    What it checks:
        Makes two orders and pays one of them at Stripe. The paid one must become paid in the target's own record, by
        whatever way the target learns of it, and be fulfilled no more than once; the other must stay unpaid.

    Why it matters:
        An order that stays open though the money has come is a customer who pays and waits, or pays twice. One that
        is paid before the money has come is goods given away.

    How to fix:
        Handle ``payment_intent.succeeded`` in the webhook and set the order that the PaymentIntent belongs to (its id
        is stored with the order, or its metadata name it) to paid. Do not rely on the browser coming back.
    """

    id = "payment-status-updated"
    task = "3.2"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        "docs.stripe.com/payments/payment-intents/verifying-status",
        "docs.stripe.com/webhooks#event-delivery-behaviors",
    )
    max_requests = 60
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Pay one of two orders, then read both."""
        route = ctx.target.route("create_payment").label
        unpaid, payment = await ctx.payments.new(), await ctx.payments.new()
        await trials.settled(ctx, [unpaid.intent, payment.intent])
        before = await ctx.orders.read(payment)
        if (answer := await ctx.payments.confirm(payment)).state != "succeeded":
            ctx.inconclusive(f"the payment did not succeed at Stripe, but is {answer.state}")
        after, _ = await ctx.orders.eventually(payment, lambda order: order.is_paid)
        if after is None:
            yield await trials.unrecorded(ctx, "Its status cannot follow Stripe's.")
            return
        await trials.settled(ctx, [payment.intent])
        later, _ = await ctx.orders.stays(payment, lambda order: (order.fulfilled or 0) <= 1, during=0.1)
        beside = await ctx.orders.read(unpaid)
        for wrong in assess(before, later or after, beside):
            told = {"before": before, "after": later, "unpaid": beside}
            data = {name: order.summary for name, order in told.items() if order}
            seen = ctx.evidence("the orders as the target shows them", payment.answer, data=data)
            yield ctx.finding(
                wrong.title, wrong.detail, seen, severity=wrong.severity, route=route, discriminator=wrong.id
            )


def assess(before: Order | None, after: Order, beside: Order | None) -> list[Wrong]:
    """What is wrong: an order ``before`` and ``after`` its payment, and ``beside`` them one that was never paid."""
    wrong = []
    if any(order and (order.is_paid or order.fulfilled) for order in (before, beside)):
        detail = "An order whose PaymentIntent has not been paid counts as paid, or is fulfilled."
        wrong.append(Wrong("early", Severity.CRITICAL, "An order is paid without a payment", detail))
    if not after.is_paid:
        detail = f"The payment succeeded at Stripe; the order is {after.raw_state!r} and does not become paid."
        wrong.append(Wrong("never", Severity.CRITICAL, "A paid order does not become paid", detail))
    if (after.fulfilled or 0) > 1:
        detail = f"One payment fulfilled the order {after.fulfilled} times."
        wrong.append(Wrong("repeated", Severity.HIGH, "A paid order is fulfilled more than once", detail))
    return wrong
