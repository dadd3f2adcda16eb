"""The effects of webhook events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Order, OrderState, Severity, Uses, trials


class Story(NamedTuple):
    """What happens to a payment, the types of webhook events that tell of it, and how bad it is if nobody listens."""

    journey: str
    types: tuple[str, ...]
    severity: Severity


STORIES = (
    Story("paid", ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"), Severity.CRITICAL),
    Story("declined", ("payment_intent.payment_failed", "charge.failed"), Severity.MEDIUM),
    Story("canceled", ("payment_intent.canceled",), Severity.MEDIUM),
    Story("refunded", ("charge.refunded", "refund.created", "refund.updated"), Severity.HIGH),
    Story("partially-refunded", ("charge.refunded", "refund.created", "refund.updated"), Severity.HIGH),
    Story("disputed", ("charge.dispute.created", "charge.dispute.funds_withdrawn"), Severity.HIGH),
)


class Seen(NamedTuple):
    """The order after a story, and the states in which it would show that the target was listening."""

    order: Order | None
    wanted: frozenset[OrderState]


class WebhookEventsHandled(Check):
    """Every declared webhook event has its effect.

    What it checks:
        For each type of event that a webhook endpoint is declared for and that an order can show, lets it happen at
        Stripe: a payment, a declined one, a canceled one, a full and a partial refund, a dispute. Stripe delivers the
        events, and the order must follow. States for which the settings name no word of the target are not asked of
        it. Whether a partial refund is recorded as one is judged by ledger-reconciles.

    Why it matters:
        A handler that acknowledges an event and does nothing looks healthy to Stripe. Refunds and disputes that are
        ignored leave access to those who have their money back; the event is not sent again.

    How to fix:
        Write a handler for each event that the endpoint is registered for, or register it for fewer. See that each
        handler is really reached: a service that is switched off at start, or a ``switch`` without the case, is silent.
    """

    id = "webhook-events-handled"
    task = "2.3"
    severity = Severity.HIGH
    needs = ("route:webhook", "webhook_secret", "route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#event-types", "docs.stripe.com/api/events/types")
    max_requests = 150
    max_objects = 6

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """All stories at once."""
        told = []
        for story in STORIES:
            ending = trials.JOURNEYS[story.journey].ending
            if not (types := declared_types(ctx, story)):
                ctx.note(f"no endpoint is declared for {story.types[0]}: {story.journey} was not looked at")
            elif not ctx.orders.declares(ending):
                ctx.note(f"observers.order.states names no {ending.value}: {story.journey} was not looked at")
            else:
                told.append((story, types))
        if not told:
            ctx.skip(
                "no endpoint is declared for an event that an order shows", setting="target.routes.webhook[].events"
            )
        for (story, types), seen in zip(
            told, await asyncio.gather(*(lived(ctx, story) for story, _ in told)), strict=True
        ):
            if seen.order is None and story.journey == "paid":
                yield await trials.unrecorded(
                    ctx, "No event has any effect.", otherwise="the order of a paid payment is not found"
                )
                return
            if seen.order and seen.order.state not in seen.wanted:
                what, names = trials.JOURNEYS[story.journey].title, ", ".join(types)
                detail = f"After {what} the order is {seen.order.raw_state!r}. Stripe told of it by {names}."
                evidence = ctx.evidence(f"after {what}", data=seen.order.summary)
                yield ctx.finding(
                    f"No effect: {what}", detail, evidence, severity=story.severity, discriminator=story.journey
                )


def declared_types(ctx: Context, story: Story) -> list[str]:
    """The types of a story that some endpoint is declared for; one without a list is for all of them."""
    routes = [route for route in ctx.spec.webhooks if route.secret]
    return [
        kind
        for kind in story.types
        if any(not route.events or kind in route.events or "*" in route.events for route in routes)
    ]


async def lived(ctx: Context, story: Story) -> Seen:
    """Let it happen, and wait for the order to follow."""
    ending = trials.JOURNEYS[story.journey].ending
    wanted = trials.expected_states(ending, [state for state in OrderState if ctx.orders.declares(state)])
    if ending is OrderState.PARTIALLY_REFUNDED:
        wanted |= {OrderState.REFUNDED}
    payment = await trials.travel(ctx, story.journey)
    await trials.settled(ctx, [payment.intent])  # the target's time begins when it has been told
    order, _ = await ctx.orders.eventually(payment, lambda order: order.state in wanted)
    return Seen(order, wanted)
