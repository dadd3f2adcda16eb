"""HTTP methods at the webhook endpoints."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from stripe_audit import (
    Answer,
    Check,
    Context,
    Effect,
    Finding,
    Order,
    Severity,
    Uses,
    WebhookRoute,
    trials,
    webhooks,
)

READING = ("GET", "HEAD")
WRITING = ("PUT", "PATCH", "DELETE")


class Seen(NamedTuple):
    """Answers by method at an endpoint and at a path beside it that does not exist; the order that changed, if any."""

    answers: dict[str, Answer]
    beside: dict[str, Answer]
    effect: Order | None


class WebhookMethodLimited(Check):
    """Webhook endpoints take POST and no other method.

    What it checks:
        Sends a genuine event, rightly signed, to each webhook endpoint by PUT, PATCH and DELETE, and asks for it by GET
        and HEAD. None may change the order. A 2xx without an effect counts for the methods that write, and only if a
        path beside the endpoint, which does not exist, is answered otherwise. That POST is taken is the control. A page
        that answers GET is harmless, and noted.

    Why it matters:
        Rules of proxies, firewalls and CSRF protection are made for POST; a handler that runs for any method is
        reached around them, and one that answers 2xx to anything hides that events are lost.

    How to fix:
        Register the handler for POST alone (``app.post``, ``@require_POST``, ``methods: ['POST']``), so that the
        framework answers 405 to the rest.
    """

    id = "webhook-method-limited"
    task = "2.1"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks", "ASVS 4.1.1", "CWE-650")
    max_requests = 90
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Try each method on each endpoint."""
        async for route, seen in trials.each_webhook(ctx, tried):
            statuses = {method: answer.status for method, answer in seen.answers.items()}
            taken = distinct(statuses, {method: answer.status for method, answer in seen.beside.items()})
            if reading := [method for method in taken if method in READING]:
                ctx.note(f"{route.path} answers {' and '.join(reading)} with 2xx: a page, without effect on an order")
            if writing := [method for method in taken if method in WRITING]:
                yield finding(ctx, route, seen, writing)


async def tried(ctx: Context, route: WebhookRoute) -> Seen:
    """Send an event by each method; where all are refused, POST must work."""
    told = await trials.fitting_event(ctx, route)
    body = webhooks.body_of(told.event)
    signed = webhooks.genuine_header(body, route.secret or "", int(time.time()))

    async def send(method: str, to: WebhookRoute) -> Answer:
        return await ctx.target.webhook(to, body, signed, method=method, effect=Effect.PROBE)

    methods = (*READING, *WRITING)
    answers = dict(zip(methods, await asyncio.gather(*(send(method, route) for method in methods)), strict=True))
    taken = [method for method, answer in answers.items() if answer.is_success]
    nowhere = WebhookRoute("nowhere", f"{route.path}-{ctx.tag}", route.secret)
    beside = dict(zip(taken, await asyncio.gather(*(send(method, nowhere) for method in taken)), strict=True))
    is_written = any(method in WRITING for method in taken)
    effect = await trials.effect_of(ctx, told, within=ctx.patience if is_written else 0.0)
    if not effect:
        await trials.need_a_working_endpoint(ctx, route, told)
    return Seen(answers, beside, effect)


def distinct(answers: dict[str, int], beside: dict[str, int]) -> Sequence[str]:
    """The methods that this path answers 2xx and a path that does not exist answers otherwise."""
    return [
        method for method, status in answers.items() if 200 <= status < 300 and not 200 <= beside.get(method, 404) < 300
    ]


def finding(ctx: Context, route: WebhookRoute, seen: Seen, methods: list[str]) -> Finding:
    """One finding per endpoint."""
    names = ", ".join(methods)
    evidence = [
        ctx.evidence(f"{method}: answered {seen.answers[method].status}", seen.answers[method]) for method in methods
    ]
    if seen.effect:
        changed = ctx.evidence("and the order changed", data=seen.effect.summary)
        title, detail = "An event that is not sent by POST changes an order", f"{route.path} handles {names} like POST."
        return ctx.finding(title, detail, *evidence, changed, route=route.label)
    title, detail = (
        "Methods other than POST are answered 2xx",
        f"{route.path} answers {names} with 2xx and does nothing.",
    )
    return ctx.finding(title, detail, *evidence, severity=Severity.LOW, route=route.label)
