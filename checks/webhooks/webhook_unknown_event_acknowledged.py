"""Webhook events of types that the target does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials, webhooks

RARE = ("climate.order.product_substituted", "reporting.report_type.updated", "terminal.reader.action_failed")
INVENTED = "stripe_audit.never_heard_of.created"


class Seen(NamedTuple):
    """The answer to an event of an unknown type."""

    type: str
    answer: Answer


class WebhookUnknownEventAcknowledged(Check):
    """Webhook events of unknown types are acknowledged.

    What it checks:
        Delivers to each webhook endpoint, rightly signed, an event of a real type that the endpoint is not declared
        for, and one of an invented type. Both must be answered 2xx. That a genuine event is taken is the control. An
        endpoint that is declared for one type alone may refuse the others: Stripe sends none there.

    Why it matters:
        Stripe adds types every month, and an endpoint registered for all of them gets them at once. What is refused is
        sent again for days, and counts towards the day when Stripe disables the endpoint.

    How to fix:
        End the dispatch over event types with a default that logs the type and answers 200.
    """

    id = "webhook-unknown-event-acknowledged"
    task = "2.3"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/upgrades#api-versions", "docs.stripe.com/webhooks")
    max_requests = 60
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Two unknown events for each endpoint."""
        async for route, seen in trials.each_webhook(ctx, told):
            refused = [one for one in seen if not one.answer.is_success]
            severity = assess(route.events, [one.answer.status for one in refused])
            if refused and severity:
                names = " and ".join(f"{one.type} ({one.answer.status})" for one in refused)
                detail = (
                    f"{route.path} refuses what it does not know, rightly signed: {names}. Stripe will send it again."
                )
                evidence = [ctx.evidence(f"{one.type}: answered {one.answer.status}", one.answer) for one in refused]
                yield ctx.finding(
                    "An unknown type of event is refused", detail, *evidence, severity=severity, route=route.label
                )
            elif refused:
                ctx.note(f"{route.path} refuses every type but {route.events[0]}, the only one that it is declared for")


async def told(ctx: Context, route: WebhookRoute) -> list[Seen]:
    """Tell an endpoint of what it cannot know."""
    await trials.need_a_working_endpoint(ctx, route)
    existing = webhooks.event_types()
    rare = next(kind for kind in (*RARE, *existing) if kind in existing and kind not in route.events)

    is_thin = bool(route.events) and all(map(webhooks.is_thin, route.events))

    async def answered(kind: str) -> Seen:
        about = {"id": f"unknown_{ctx.tag}", "object": kind.rpartition(".")[0]}
        thin = webhooks.thin_event(f"v1.{kind}", ctx.tag)
        event = thin if is_thin else await ctx.stripe.synthesize(kind, about)
        answer = await ctx.deliver(route, event)
        if answer.status == 429:
            ctx.inconclusive("a webhook event is answered 429", supply="a higher rate limit for webhook events")
        return Seen(kind, answer)

    return list(await asyncio.gather(answered(rare), answered(INVENTED)))


def assess(declared: Collection[str], refusals: Sequence[int]) -> Severity | None:
    """How bad refusals are. A list of types keeps unknown ones away until somebody registers more."""
    if len(declared) == 1 and "*" not in declared:
        return None
    is_open = not declared or "*" in declared
    return Severity.MEDIUM if is_open or any(status >= 500 for status in refusals) else Severity.LOW
