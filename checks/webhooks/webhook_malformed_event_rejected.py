"""Webhook bodies that are no event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import (
    Answer,
    Check,
    Context,
    Effect,
    Finding,
    Severity,
    TargetError,
    Uses,
    WebhookRoute,
    trials,
    web,
    webhooks,
)

UNSIGNED = (webhooks.UNSIGNED_AND_HUGE, webhooks.UNSIGNED_BOMB)


class Seen(NamedTuple):
    """A body and what came back: an answer, or why there was none."""

    name: str
    answer: Answer | None
    error: str | None = None


class WebhookMalformedEventRejected(Check):
    """What is no webhook event is refused without a crash.

    What it checks:
        Sends to each webhook endpoint, rightly signed, bodies that are no event: no JSON, JSON of other kinds, an event
        without a type or without data; events in a wrapping in which Stripe sends none: as text, as a form, in gzip;
        and, unsigned, one of 2 MB, and gzip of 8 MB in a few KB. Each must be answered in time, without a 5xx, a stack
        trace or a secret; the large ones must not be taken. Afterwards a genuine event must still be taken. Whether the
        odd wrappings are taken does not matter.

    Why it matters:
        A crash is answered 500, so Stripe sends the same event again, for days. A stack trace tells an attacker
        about paths and versions. A server that reads bodies of any size before it looks at their signature can be
        brought down by anyone.

    How to fix:
        Let the SDK's ``constructEvent`` / ``construct_event`` parse the event, answer 400 to its errors, look at
        ``type`` and ``data`` before using them, limit bodies to 1 MB, and show no stack traces.
    """

    id = "webhook-malformed-event-rejected"
    task = "2.4"
    severity = Severity.LOW
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks", "ASVS 16.5.1", "CWE-20", "CWE-209", "CWE-409", "CWE-770")
    max_requests = 110
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every body at every endpoint."""
        async for route, seen in trials.each_webhook(ctx, sent):
            wrong: dict[str, list[tuple[Seen, Severity, str]]] = {}
            for one in seen:
                if found := assess(one, [known.secret for known in ctx.spec.webhooks if known.secret]):
                    wrong.setdefault(found[1], []).append((one, *found))
            for title, cases in wrong.items():
                told = ", ".join(f"{one.name} ({one.answer.status if one.answer else one.error})" for one, *_ in cases)
                evidence = [ctx.evidence(one.error or one.name, one.answer) for one, *_ in cases[:3]]
                yield ctx.finding(
                    title,
                    f"{route.path} was sent {told}.",
                    *evidence,
                    severity=cases[0][1],
                    route=route.label,
                    discriminator=title,
                )


async def sent(ctx: Context, route: WebhookRoute) -> list[Seen]:
    """Send all of them, the large ones last, then a genuine event."""

    async def one(name: str, malformed: webhooks.Malformed) -> Seen:
        headers = malformed.sent(route.secret or "", int(time.time()))
        try:
            return Seen(name, await ctx.deliver(route, malformed.body, headers=headers, effect=Effect.PROBE))
        except TargetError as error:
            return Seen(name, None, error.message)

    signed = {name: malformed for name, malformed in webhooks.MALFORMED.items() if malformed.is_signed}
    found = list(await asyncio.gather(*(one(name, malformed) for name, malformed in signed.items())))
    large = [await one(name, webhooks.MALFORMED[name]) for name in UNSIGNED]
    is_taken = any(seen.answer and seen.answer.is_success for seen in large)
    if not (is_taken and await trials.accepts_anything(ctx, route)):
        found += large  # else a 2xx tells nothing: everything is answered so
    await trials.need_a_working_endpoint(ctx, route)
    return found


def assess(seen: Seen, secrets: list[str]) -> tuple[Severity, str] | None:
    """Severity and title of what is wrong with an answer, the worst first."""
    name, answer, error = seen
    if answer is None:  # a server may hang up on a body that it will not read
        is_hung_up = name in UNSIGNED and error is not None and "no whole answer" not in error
        return None if is_hung_up else (Severity.MEDIUM, "A malformed event is not answered")
    if web.secret_in(answer.text) or any(secret in answer.text for secret in secrets):
        return Severity.CRITICAL, "The answer to a malformed event shows a secret"
    if language := web.stack_trace_in(answer.text):
        return Severity.MEDIUM, f"A malformed event is answered with a stack trace ({language})"
    if name in UNSIGNED and answer.is_success:
        return Severity.MEDIUM, "An unsigned body of any size is taken"
    return (Severity.LOW, "A malformed event ends in a server error") if answer.status >= 500 else None
