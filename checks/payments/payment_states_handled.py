"""Every way that a payment can go, in the order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Order, OrderState, Payment, Severity, Uses, trials

JOURNEYS = ("declined", "challenge-left-open", "challenge-passed", "challenge-failed", "canceled", "refunded")
PROCESSING = "payment_intent.processing"
UNPAID = (OrderState.UNPAID, OrderState.FAILED, OrderState.CANCELED)


class Seen(NamedTuple):
    """What a journey was to end in, and the order after it; None where the target has no record of it."""

    id: str
    title: str
    ending: OrderState
    order: Order | None


class PaymentStatesHandled(Check):
    """Every state of a payment shows in its order, and only a payment that succeeded is paid.

    What it checks:
        Takes payments each way that they can go: a declined card, a 3D Secure challenge that is left open, passed or
        failed, a payment canceled at Stripe, one refunded, and an event that tells of one still processing. Then it
        reads the orders. States for which the settings name no word of the target are not asked of it.

    Why it matters:
        ``requires_action`` or ``processing`` taken for paid gives goods away; a decline or a refund that is not
        recorded leaves customers without an answer, and access that was paid back.

    How to fix:
        Decide by the PaymentIntent's ``status``: only ``succeeded`` is paid. Handle ``payment_intent.payment_failed``,
        ``payment_intent.canceled`` and ``charge.refunded`` besides, and read the object from Stripe when in doubt.
    """

    id = "payment-states-handled"
    task = "3.3"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        "docs.stripe.com/payments/payment-intents/verifying-status",
        "docs.stripe.com/testing#regulatory-cards",
    )
    max_requests = 160
    max_objects = 7

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """All journeys at once, then the orders."""
        declared = [state for state in OrderState if ctx.orders.declares(state)]
        journeys = [trials.JOURNEYS[name] for name in JOURNEYS]
        gone = [going(ctx, journey, trials.expected_states(journey.ending, declared)) for journey in journeys]
        *seen, processing = await trials.together([*gone, processed(ctx)])
        if next(one for one in seen if one.id == "challenge-passed").order is None:
            yield await trials.unrecorded(ctx, "No state of a payment is ever reflected.")
            return
        route = ctx.target.route("create_payment").label
        for one in (*seen, processing):
            if wrong := assess(one, declared):
                severity, title, detail = wrong
                evidence = ctx.evidence(f"after {one.title}", data=one.order.summary if one.order else None)
                yield ctx.finding(title, detail, evidence, severity=severity, route=route, discriminator=one.id)


async def going(ctx: Context, journey: trials.Journey, wanted: Collection[OrderState]) -> Seen:
    """Go a journey, then the order once it is where it belongs, or what it is instead."""
    payment = await trials.travel(ctx, journey.id)
    if OrderState.UNPAID in wanted:
        return Seen(journey.id, journey.title, journey.ending, await watched(ctx, payment))
    order, _ = await ctx.orders.eventually(payment, lambda order: order.state in wanted)
    return Seen(journey.id, journey.title, journey.ending, order)


async def watched(ctx: Context, payment: Payment) -> Order | None:
    """The order of a payment that has not succeeded, after a while; at once where it counts as paid."""
    return (await ctx.orders.stays(payment, lambda order: not order.is_paid, during=0.3))[0]


async def processed(ctx: Context) -> Seen:
    """Tell an endpoint that is for it that a payment is processing; no order where there is none."""
    routes = [route for route in ctx.spec.webhooks if route.secret and (not route.events or PROCESSING in route.events)]
    order = None
    if routes:
        payment = await ctx.payments.new()
        intent = await trials.intent_of(ctx, payment)
        await ctx.deliver(routes[0], await ctx.stripe.synthesize(PROCESSING, {**intent, "status": "processing"}))
        order = await watched(ctx, payment)
    return Seen("processing", "a payment still processing", OrderState.UNPAID, order)


def assess(seen: Seen, declared: Collection[OrderState]) -> tuple[Severity, str, str] | None:
    """What is wrong with an order after a journey: severity, title, detail."""
    order, wanted = seen.order, trials.expected_states(seen.ending, declared)
    is_early = order is not None and bool(order.fulfilled) and seen.ending in UNPAID
    if order is None or (order.state in wanted and not is_early):
        return None
    told = f"After {seen.title} the order is {order.raw_state!r}"
    if is_early or (order.is_paid and seen.ending in UNPAID):
        done = "fulfilled" if order.fulfilled else "counted as paid"
        return Severity.CRITICAL, f"Not paid, and {done}: {seen.title}", f"{told}, though no money has come."
    severity = {OrderState.FAILED: Severity.MEDIUM, OrderState.CANCELED: Severity.LOW}.get(seen.ending, Severity.HIGH)
    return severity, f"Not recorded: {seen.title}", f"{told}, not {seen.ending.value}."
