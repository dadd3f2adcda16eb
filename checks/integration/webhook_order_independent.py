"""Webhook events in an order of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Order, OrderState, Severity, Uses, trials

JOURNEYS = ("paid", "declined-then-paid", "challenge-passed", "refunded")


class Seen(NamedTuple):
    """The order after a journey whose events were told in ``sequence``; the last that was seen."""

    id: str
    title: str
    ending: OrderState
    sequence: tuple[str, ...]
    order: Order | None


class WebhookOrderIndependent(Check):
    """Whatever the order in which webhook events arrive, the target ends in the state that Stripe has.

    What it checks:
        Keeps the events of payments back until all has happened at Stripe, then delivers those of the last change
        first: success before creation, refund before success, and an old failure or an old 3D Secure challenge after
        the success. What is refused is delivered again, as Stripe would. In the end the order must match the payment.

    Why it matters:
        Stripe does not promise an order. A handler that believes the event that came last marks paid orders as
        failed, and refunded ones as paid.

    How to fix:
        Take the event as a hint and read the object from Stripe, or let a state be replaced only by one that can follow
        it: after ``succeeded`` no failure, after a refund no ``paid``. Times will not do, they are
        whole seconds.
    """

    id = "webhook-order-independent"
    task = "6.2"
    severity = Severity.HIGH
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#event-ordering",)
    max_requests = 120
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """All journeys, the last change told first; where an order is wrong, one in the right order as a control."""
        declared = [state for state in OrderState if ctx.orders.declares(state)]
        seen = await trials.together(told(ctx, journey, declared) for journey in JOURNEYS)
        wrong = [(one, found) for one in seen if (found := assess(one, declared))]
        if wrong and assess(control := await told(ctx, "paid", declared, is_in_order=True), declared):
            if control.order is None:
                yield await trials.unrecorded(ctx, "In whatever order events come, nothing comes of them.")
                return
            state = control.order.raw_state
            ctx.inconclusive(f"with its events in the right order, a paid order is {state}", supply="observers.order")
        for one, (severity, title) in wrong:
            state = one.order.raw_state if one.order else "not found"
            detail = f"After {one.title}, told in the order {', '.join(one.sequence)}, the order is {state}."
            data = one.order.summary if one.order else None
            evidence = ctx.evidence(f"delivered: {', '.join(one.sequence)}", data=data)
            label = ctx.spec.webhooks[0].label
            yield ctx.finding(title, detail, evidence, severity=severity, route=label, discriminator=one.id)


async def told(ctx: Context, identity: str, declared: Collection[OrderState], *, is_in_order: bool = False) -> Seen:
    """Go a journey, tell the target of it afterwards, and see where its order comes to rest."""
    journey = trials.JOURNEYS[identity]
    wanted = trials.expected_states(journey.ending, declared)
    payment = await trials.travel(ctx, identity, is_held=True)
    emitted = await trials.deliverable(ctx, payment)
    events = emitted if is_in_order else last_change_first(emitted)
    await trials.tell(ctx, payment, events)
    await ctx.orders.eventually(payment, lambda order: order.state in wanted)
    order, _ = await ctx.orders.stays(payment, lambda order: order.state in wanted, during=0.3)
    return Seen(journey.id, journey.title, journey.ending, tuple(event["type"] for event in events), order)


def last_change_first(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of the last call to Stripe, then all that went before, so that the oldest news comes last."""
    call = events[-1]["request"]["id"]
    start = next((i for i in reversed(range(len(events))) if events[i]["request"]["id"] != call), -1) + 1
    return [*events[start:], *events[:start]]


def assess(seen: Seen, declared: Collection[OrderState]) -> tuple[Severity, str] | None:
    """What is wrong with an order after its events came in another order: severity and title."""
    if seen.order is not None and seen.order.state in trials.expected_states(seen.ending, declared):
        return None
    is_undone = seen.ending is OrderState.PAID
    return Severity.HIGH, "A late event undoes a payment" if is_undone else "A refund that is told early is lost"
