"""Webhook events, from Stripe to the target."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from stripe_audit import Check, Context, Delivery, Effect, Finding, Severity, Uses, trials

JOURNEYS = ("declined-then-paid", "challenge-passed", "canceled", "refunded")
TELLING_OF_SUCCESS = ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")


class Wrong(NamedTuple):
    """A type of event that did not arrive at an endpoint (``path``; None: at none)."""

    type: str
    path: str | None
    severity: Severity
    title: str
    detail: str


class EventsTriggered(Check):
    """Every webhook event of a payment reaches its endpoint and is acknowledged.

    What it checks:
        Takes payments several ways (declined then paid, 3D Secure, canceled, refunded), and follows each webhook event
        that Stripe sends for them: it must be answered with 2xx, the first time. Of a success some endpoint must
        be told at all. What the target makes of the events is judged by other checks.

    Why it matters:
        What is not acknowledged is sent again for days, and then the endpoint is disabled: from that day no event
        arrives. An event that no endpoint listens to is never sent.

    How to fix:
        Answer 2xx to every event that the endpoint is registered for, also where there is nothing to do. See the failed
        deliveries in Workbench → Webhooks, and the handler's log. Register ``payment_intent.succeeded``.
    """

    id = "events-triggered"
    task = "3.3"
    severity = Severity.HIGH
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#behaviors", "docs.stripe.com/webhooks#retries")
    max_requests = 4
    max_objects = 4

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Take payments, wait until Stripe has sent what there is to send, look at the answers."""
        payments = await trials.together(trials.travel(ctx, journey) for journey in JOURNEYS)
        deliveries = await trials.settled(ctx, [payment.intent for payment in payments])
        if any(attempt.status == 429 for delivery in deliveries for attempt in delivery.attempts):
            ctx.inconclusive("an event was answered 429", supply="a higher rate limit for webhook events")
        ctx.note(f"{len(deliveries)} deliveries of {len({one.type for one in deliveries})} types were followed")
        for wrong in assess(deliveries):
            seen = [
                ctx.evidence(
                    f"{one.type} to {urlsplit(one.url).path}", data={"state": one.state, "answers": answers(one)}
                )
                for one in deliveries
                if one.type == wrong.type and urlsplit(one.url).path == wrong.path
            ]
            label = next((route.label for route in ctx.spec.webhooks if route.path == wrong.path), None)
            yield ctx.finding(
                wrong.title, wrong.detail, *seen[:3], severity=wrong.severity, route=label, discriminator=wrong.type
            )


def answers(delivery: Delivery) -> list[str]:
    """What each attempt was answered with."""
    return [str(attempt.status or attempt.error) for attempt in delivery.attempts]


def assess(deliveries: Sequence[Delivery]) -> list[Wrong]:
    """What is wrong with the deliveries of payments that, in the end, succeeded."""
    wrong = []
    if not any(delivery.type in TELLING_OF_SUCCESS for delivery in deliveries):
        detail = f"Payments succeeded, and no endpoint listens to any of {', '.join(TELLING_OF_SUCCESS)}."
        wrong.append(Wrong(TELLING_OF_SUCCESS[0], None, Severity.HIGH, "No endpoint is told of a success", detail))
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault((delivery.type, urlsplit(delivery.url).path), []).append(delivery)
    for (kind, path), group in groups.items():
        lost = [one for one in group if not any(map(trials.is_acknowledged, one.attempts))]
        late = [one for one in group if one not in lost and not trials.is_acknowledged(one.attempts[0])]
        if lost:
            detail = f"{path} answered {', '.join(answers(lost[0])) or 'nothing'} to {len(lost)} of {len(group)}."
            wrong.append(Wrong(kind, path, Severity.HIGH, f"{kind} is not acknowledged", detail))
        elif late:
            detail = f"{path} answered {', '.join(answers(late[0]))} to {len(late)} of {len(group)}."
            wrong.append(Wrong(kind, path, Severity.LOW, f"{kind} is acknowledged late", detail))
    return wrong
