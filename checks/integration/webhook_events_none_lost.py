"""Many webhook events at the same moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from stripe_audit import Check, Context, Effect, Finding, Order, Payment, Severity, Uses, trials

BURST = 12


class WebhookEventsNoneLost(Check):
    """Of many webhook events at once, none is lost.

    What it checks:
        Pays twelve orders while what Stripe tells of it is kept back, then delivers it all at the same moment.
        What is refused (429, 503) is delivered again, as Stripe would. In the end every order must be paid, and
        fulfilled once.

    Why it matters:
        Events come in bursts: after a sale, after an outage, when Stripe catches up. A rate limit that counts Stripe's
        sender, a queue in memory that overflows, or a locked database loses payments just then.

    How to fix:
        Exempt the webhook route from rate limits, store the event before it is acknowledged, and answer 5xx where it
        could not be stored, so that Stripe delivers it again. Acknowledge nothing that may be dropped.
    """

    id = "webhook-events-none-lost"
    task = "6.2"
    severity = Severity.HIGH
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
    effect = Effect.LOAD
    uses = Uses(shared=("target", "stripe"), alone=("load", "deliveries"))
    references = ("docs.stripe.com/webhooks#retries", "docs.stripe.com/webhooks/process-undelivered-events")
    max_requests = 200
    max_objects = BURST + 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Pay many, tell of all at once, then read every order; where some are missing, one alone as a control."""
        payments = await trials.together(ctx.payments.new() for _ in range(BURST))
        await trials.settled(ctx, [payment.intent for payment in payments])
        events = await trials.together(paid_unheard(ctx, payment) for payment in payments)
        told = await trials.together(map(trials.tell, [ctx] * BURST, payments, events))
        answers = [attempt for attempts in told for attempt in attempts]
        found = await trials.together(ctx.orders.eventually(payment, is_done) for payment in payments)
        orders = [order for order, _ in found]
        wrong = assess(orders)
        if wrong and not any(orders):
            yield await trials.unrecorded(ctx, "Every event of a burst is lost.")
            return
        if wrong and not await arrives_alone(ctx):
            ctx.inconclusive("not even the events of one payment alone make its order paid", supply="observers.order")
        if wrong:
            refused = sum(not trials.is_acknowledged(attempt) for attempt in answers)
            data = {"orders": [order.raw_state if order else None for order in orders], "refused to the end": refused}
            seen = ctx.evidence(f"{len(answers)} events were delivered", data=data)
            yield ctx.finding(*wrong, seen, route=ctx.spec.webhooks[0].label)


async def paid_unheard(ctx: Context, payment: Payment) -> list[dict[str, Any]]:
    """Pay, and keep back what Stripe tells of it: those events."""
    await ctx.stripe.hold(object=payment.intent)
    if (answer := await ctx.payments.confirm(payment)).state != "succeeded":
        ctx.inconclusive(f"the payment did not succeed at Stripe, but is {answer.state}")
    return await trials.deliverable(ctx, payment, state="held")


def is_done(order: Order) -> bool:
    """Paid, and fulfilled where that is shown."""
    return order.is_paid and order.fulfilled != 0


async def arrives_alone(ctx: Context) -> bool:
    """A control: whether the events of a single payment have their effect."""
    return (await ctx.orders.eventually(await trials.travel(ctx, "paid"), is_done))[1]


def assess(orders: Sequence[Order | None]) -> tuple[str, str] | None:
    """What is wrong with the orders of a burst: title and detail."""
    lost = [order for order in orders if order is None or not order.is_paid]
    if lost:
        detail = f"{len(lost)} of {len(orders)} orders whose payments succeeded are not paid after their events came."
        return "Events are lost in a burst", detail
    unserved = [order for order in orders if order and order.fulfilled == 0]
    if unserved:
        detail = f"{len(unserved)} of {len(orders)} orders are paid, and not fulfilled."
        return "Effects of events are lost in a burst", detail
    doubled = [order for order in orders if order and (order.fulfilled or 0) > 1]
    if doubled:
        return "Effects of events are doubled in a burst", f"{len(doubled)} orders are fulfilled more than once."
    return None
