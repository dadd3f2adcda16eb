"""The answers to webhook events that are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, TargetError, Uses, WebhookRoute, trials, web

OTHER = "whsec_aW5vdGhlcnNlY3JldGFub3RoZXI"
BODY = b'{"id": "evt_refused", "object": "event", "type": "stripe_audit.refused", "data": {"object": {}}}'
NOT_ASCII = "a signature with letters outside ASCII"
"""Python's comparison throws on it (``hmac.compare_digest``), and Stripe's library for Python lets it through."""
SENT: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "no signature": (BODY, {}),
    "an empty signature": (BODY, {"Stripe-Signature": ""}),
    "garbage for a signature": (BODY, {"Stripe-Signature": "not a signature"}),
    "a time that is no number": (BODY, {"Stripe-Signature": "t=yesterday,v1=" + "0" * 64}),
    "a time beyond all clocks": (BODY, {"Stripe-Signature": f"t={'9' * 40},v1=" + "0" * 64}),
    NOT_ASCII: (BODY, {"Stripe-Signature": "t=1,v1=zz\xe9"}),
    "an empty body": (b"", {"Stripe-Signature": "t=1,v1=" + "0" * 64}),
    "bytes that are no UTF-8": (b"\xff\xfe\x00" + BODY, {"Stripe-Signature": "t=1,v1=" + "0" * 64}),
}
LIBRARY_TEXTS = (
    *("No signatures found", "outside the tolerance zone", "Unable to extract timestamp", "No stripe-signature header"),
    *("Webhook payload must be provided", "signing secret contains whitespace"),
)
"""What Stripe's libraries say; Stripe's own samples return it."""


class Seen(NamedTuple):
    """What was sent and what came back: an answer, or why there was none."""

    name: str
    answer: Answer | None
    error: str = ""


class WebhookRefusalDisciplined(Check):
    """Webhook events are refused with a 4xx that tells nothing.

    What it checks:
        Sends events that nobody signed to each webhook endpoint: without a signature, with an empty one, garbage, times
        that are no times, an empty body, bytes that are no UTF-8. Each must be answered with a 4xx, and without a stack
        trace or a secret. Whether one is believed is judged by webhook-signature-verified. That a rightly signed event
        is taken is the control. The message of a Stripe library in the answer is noted: it tells an attacker what to
        change, no more.

    Why it matters:
        A 5xx to a bad header is a crash that anybody on the internet can cause, with an alert at night for each. A
        stack trace shows versions and paths; a message made from the configuration shows the secret itself.

    How to fix:
        Catch what ``constructEvent`` / ``construct_event`` throws, answer 400 with a text of your own, and log the
        reason. Per framework: docs/fixes/webhook-signatures.md.
    """

    id = "webhook-refusal-disciplined"
    task = "2.4"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#verify-events", "ASVS 16.5.1", "CWE-209", "CWE-248", "CWE-755")
    max_requests = 100
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every kind of refusal at every endpoint."""
        secrets = [known.secret for known in ctx.spec.webhooks if known.secret]
        async for route, seen in trials.each_webhook(ctx, refused):
            wrong: dict[str, list[tuple[Seen, Severity]]] = {}
            for one in seen:
                if found := assess(one, secrets):
                    wrong.setdefault(found[1], []).append((one, found[0]))
            if any(text in one.answer.text for one in seen if one.answer for text in LIBRARY_TEXTS):
                ctx.note(f"{route.path} answers with the message of Stripe's library")
            for title, cases in wrong.items():
                worst = max((severity for _, severity in cases), key=lambda severity: severity.rank)
                told = ", ".join(f"{one.name} ({one.answer.status if one.answer else one.error})" for one, _ in cases)
                evidence = [ctx.evidence(one.error or one.name, one.answer) for one, _ in cases[:3]]
                detail = f"{route.path} was sent events with {told}."
                yield ctx.finding(title, detail, *evidence, severity=worst, route=route.label, discriminator=title)


async def refused(ctx: Context, route: WebhookRoute) -> list[Seen]:
    """Send all of them; what is right must be taken, and what is wrong refused, or the answers tell nothing."""

    async def one(name: str, body: bytes, headers: Mapping[str, str]) -> Seen:
        try:
            return Seen(name, await ctx.deliver(route, body, headers=headers, effect=Effect.PROBE))
        except TargetError as error:
            return Seen(name, None, error.message)

    found = await asyncio.gather(*(one(name, body, headers) for name, (body, headers) in SENT.items()))
    if any(seen.answer and seen.answer.status == 429 for seen in found):
        ctx.inconclusive("a webhook event is answered 429", supply="a higher rate limit for webhook events")
    if not (await ctx.deliver(route, BODY)).is_success:
        await trials.need_a_working_endpoint(ctx, route)
    if all(seen.answer and seen.answer.is_success for seen in found):
        ctx.inconclusive("no unsigned event is refused", supply="see webhook-signature-verified")
    return found


def assess(seen: Seen, secrets: Collection[str]) -> tuple[Severity, str] | None:
    """Severity and title of what is wrong with a refusal, the worst first."""
    if seen.answer is None:
        return Severity.MEDIUM, "A bad signature is not answered"
    text = seen.answer.text
    if web.secret_in(text) or any(secret in text for secret in secrets):
        return Severity.CRITICAL, "The answer to a bad signature shows a secret"
    if language := web.stack_trace_in(text):
        return Severity.MEDIUM, f"A bad signature is answered with a stack trace ({language})"
    if seen.answer.status >= 500:
        how_bad = Severity.LOW if seen.name == NOT_ASCII else Severity.MEDIUM
        return how_bad, "A bad signature ends in a server error"
    return None
