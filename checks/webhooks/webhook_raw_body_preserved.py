"""The bytes of a webhook event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any, NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials, webhooks

AS_STRIPE_WRITES = "as Stripe writes it"
FOREIGN = "with letters outside ASCII and emoji"
LARGE = "of 64 KB"
LARGE_BYTES = 65_536


class Seen(NamedTuple):
    """An event in one spelling."""

    name: str
    answer: Answer
    is_taken: bool


class WebhookRawBodyPreserved(Check):
    """Signatures are verified over the bytes that were sent.

    What it checks:
        Delivers genuine events to each webhook endpoint in several spellings of the same JSON, each rightly signed: as
        Stripe writes it, compact, oddly spaced, with its keys in another order, with escapes, with letters outside
        ASCII, and of 64 KB. Each must be answered 2xx. Where a wrong signature is answered 2xx too, that says nothing:
        there each spelling is tried with an event of its own, and its effect on the order counts.

    Why it matters:
        A body that is parsed and written again before it is verified fits its signature by luck only: some events are
        refused for good, those of customers with an accent in their name for instance. A body limit that is too small
        refuses the largest ones.

    How to fix:
        Read the raw body before any JSON middleware, and pass just these bytes to ``constructEvent`` /
        ``construct_event``; allow 1 MB. Per framework: docs/fixes/raw-body.md.
    """

    id = "webhook-raw-body-preserved"
    task = "2.2"
    severity = Severity.HIGH
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks/signature", "github.com/stripe/stripe-node/issues/1254")
    max_requests = 120
    max_objects = 40

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every spelling at every endpoint."""
        async for route, seen in trials.each_webhook(ctx, spelt):
            refused = [one for one in seen if not one.is_taken]
            if refused:
                title, why, severity = assess([one.name for one in refused])
                told = ", ".join(f"{one.name} ({one.answer.status})" for one in refused)
                detail = f"{route.path} took the event in some spellings, and not {told}. {why}"
                evidence = [ctx.evidence(f"written {one.name}", one.answer) for one in refused[:3]]
                yield ctx.finding(title, detail, *evidence, severity=severity, route=route.label)


async def spelt(ctx: Context, route: WebhookRoute) -> list[Seen]:
    """A genuine event in each spelling."""
    spellings = {AS_STRIPE_WRITES: webhooks.body_of, **webhooks.SPELLINGS, FOREIGN: foreign, LARGE: large}
    is_telling = not await trials.accepts_forgery(ctx, route)
    shared = await trials.fitting_event(ctx, route) if is_telling else None

    async def seen(name: str, write: Callable[[Mapping[str, Any]], bytes]) -> Seen:
        told = shared or await trials.fitting_event(ctx, route)
        answer = await ctx.deliver(route, write(told.event))
        if answer.status == 429:
            ctx.inconclusive("a webhook event is answered 429", supply="a higher rate limit for webhook events")
        has_effect = is_telling or await trials.effect_of(ctx, told, within=ctx.patience)
        return Seen(name, answer, answer.is_success and bool(has_effect))

    found = await asyncio.gather(*(seen(name, write) for name, write in spellings.items()))
    if not any(one.is_taken for one in found):
        if is_telling:
            statuses = ", ".join(sorted({str(one.answer.status) for one in found}))
            ctx.inconclusive(
                f"no spelling is taken (answered {statuses})",
                supply="target.routes.webhook[].secret; see webhook-genuine-event-accepted",
            )
        ctx.inconclusive("a wrong signature is answered 2xx too, and no effect shows", supply="observers.order")
    return found


def foreign(event: Mapping[str, Any]) -> bytes:
    """The event with a note that no single-byte encoding can hold."""
    return webhooks.body_of(annotated(event, {"note": "Zoë Łukasz 山田 🧾"}))


def large(event: Mapping[str, Any]) -> bytes:
    """The event with long metadata (Stripe allows 50 values of 500 characters), just below LARGE_BYTES."""
    room = LARGE_BYTES - len(webhooks.body_of(event))
    return webhooks.body_of(annotated(event, {f"note_{number}": "説" * 490 for number in range(room // 1500)}))


def annotated(event: Mapping[str, Any], notes: Mapping[str, str]) -> dict[str, Any]:
    """A copy of the event, its object with more metadata."""
    copy: dict[str, Any] = json.loads(json.dumps(event))
    copy["data"]["object"]["metadata"] = {**(copy["data"]["object"].get("metadata") or {}), **notes}
    return copy


def assess(refused: Collection[str]) -> tuple[str, str, Severity]:
    """Title, likely cause and severity for the spellings that were refused while others were taken."""
    if set(refused) == {LARGE}:
        return "A large event is refused", "The body limit is below 64 KB; allow 1 MB.", Severity.MEDIUM
    if set(refused) <= {FOREIGN, LARGE}:
        why = "The body is decoded with an encoding other than UTF-8 before it is verified."
        return "An event with letters outside ASCII is refused", why, Severity.HIGH
    why = "The body is parsed and written again before it is verified."
    severity = Severity.CRITICAL if AS_STRIPE_WRITES in refused else Severity.HIGH
    return "The signature is not verified over the raw body", why, severity
