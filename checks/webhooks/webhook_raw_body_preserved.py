"""The bytes of a webhook event."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials, webhooks

AS_STRIPE_WRITES = "as Stripe writes it"
FOREIGN = "with letters outside ASCII and emoji"
LARGE = "of 64 KB"
HUGE = "of 256 KB"


class WebhookRawBodyPreserved(Check):
    """Signatures are verified over the bytes that were sent.

    What it checks:
        Delivers genuine events to each webhook endpoint in several spellings of the same JSON, each rightly signed: as
        Stripe writes it, compact, oddly spaced, with its keys in another order, with escapes, with letters outside
        ASCII, and of 64 KB. Each must be answered 2xx; whether one of 256 KB is taken is noted. Where a wrong signature
        is answered 2xx too, that says nothing: there each spelling is tried with an event of its own, and its effect on
        the order counts.

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
    max_requests = 150
    max_objects = 40

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every spelling at every endpoint."""
        async for route, seen in trials.each_webhook(ctx, spelt):
            refused = [one for one in seen if not one.is_taken and one.name != HUGE]
            if any(not one.is_taken for one in seen) and not refused:
                ctx.note(f"{route.path} refuses an event of 256 KB; Stripe's are smaller, as far as is known")
            if refused:
                title, why, severity = assess([one.name for one in refused])
                told = ", ".join(f"{one.name} ({one.answer.status})" for one in refused)
                detail = f"{route.path} took the event in some spellings, and not {told}. {why}"
                evidence = [ctx.evidence(f"written {one.name}", one.answer) for one in refused[:3]]
                yield ctx.finding(title, detail, *evidence, severity=severity, route=route.label)


async def spelt(ctx: Context, route: WebhookRoute) -> list[trials.Taken]:
    """A genuine event in each spelling."""
    spellings = {AS_STRIPE_WRITES: webhooks.body_of, **webhooks.SPELLINGS, **OWN}
    return await trials.try_forms(ctx, route, {name: rightly_signed(write) for name, write in spellings.items()})


def rightly_signed(write: Callable[[Mapping[str, Any]], bytes]) -> trials.Form:
    """An event in a spelling, its signature made over just these bytes."""

    def form(event: Mapping[str, Any], secret: str, now: int) -> tuple[bytes, dict[str, str]]:
        body = write(event)
        return body, webhooks.genuine_header(body, secret, now)

    return form


def foreign(event: Mapping[str, Any]) -> bytes:
    """The event with a note that no single-byte encoding can hold."""
    return webhooks.body_of(annotated(event, {"note": "Zoë Łukasz 山田 🧾"}))


def padded(size: int) -> Callable[[Mapping[str, Any]], bytes]:
    """The event with long metadata (Stripe allows 50 values of 500 characters), just below a size in bytes."""

    def write(event: Mapping[str, Any]) -> bytes:
        room = size - len(webhooks.body_of(event))
        return webhooks.body_of(annotated(event, {f"note_{number}": "説" * 490 for number in range(room // 1500)}))

    return write


def annotated(event: Mapping[str, Any], notes: Mapping[str, str]) -> dict[str, Any]:
    """A copy of the event, its object with more metadata."""
    copy: dict[str, Any] = json.loads(json.dumps(event))
    thing = copy.setdefault("data", {}).setdefault("object", {})  # a thin event has none
    thing["metadata"] = {**(thing.get("metadata") or {}), **notes}
    return copy


OWN = {FOREIGN: foreign, LARGE: padded(65_536), HUGE: padded(262_144)}


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
