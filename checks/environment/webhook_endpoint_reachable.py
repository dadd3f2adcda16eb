"""The way to the webhook endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, TargetError, Uses, WebhookRoute, trials, web

PROBE = b'{"id": "evt_reachable", "object": "event", "type": "stripe_audit.reachable", "data": {"object": {}}}'
"""An event of an invented type: nobody has anything to do for it."""


class Seen(NamedTuple):
    """Answers to an unsigned event, at the endpoint and at a path beside it that does not exist; None: ``error``.

    ``signed`` is the answer to a rightly signed one, where the secret is known and the others leave doubts.
    """

    answer: Answer | None
    beside: Answer | None
    signed: Answer | None = None
    error: str = ""


class WebhookEndpointReachable(Check):
    """Stripe can reach every webhook endpoint.

    What it checks:
        Posts an event of an invented type to each webhook endpoint, without a signature. A refusal is a good answer:
        the endpoint is there. Nothing there, a login, a CSRF check, a web page or a crash is none. A path beside it
        shows how the target answers where nothing is, and in doubt a rightly signed event decides. A host that has
        IPv6 addresses must answer by IPv4 too. Redirects are judged by webhook-url-not-redirected.

    Why it matters:
        After days of failed deliveries Stripe disables the endpoint, and payments are never told of.

    How to fix:
        Register in Workbench → Webhooks the path at which the handler really is, for POST. Listen on both families, not
        on ``localhost``, which may be one of them. Exempt it from login, session and CSRF middleware: the signature is
        its protection. Per framework: docs/fixes/webhook-signatures.md.
    """

    id = "webhook-endpoint-reachable"
    task = "1.3"
    severity = Severity.CRITICAL
    needs = ("route:webhook",)
    effect = Effect.PROBE
    uses = Uses(shared=("target",))
    references = ("docs.stripe.com/webhooks#behaviors", "docs.stripe.com/webhooks/quickstart", "docs.stripe.com/ips")
    max_requests = 15

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Knock at each endpoint."""
        async for route, seen in trials.each_webhook(ctx, knock, is_signed=False):
            if wrong := assess(seen):
                title, why = wrong
                said = seen.error or f"unsigned event: answered {seen.answer and seen.answer.status}"
                told = ctx.evidence(said, seen.answer)
                yield ctx.finding(title, f"{route.path}: {why}", told, route=route.label, discriminator=title)
        if unreached := await trials.unreached_by_ipv4(ctx):
            told = ctx.evidence("connections to each address of the host", data=unreached)
            detail = f"{ctx.spec.url} answers by IPv6 alone. Stripe sends webhook events from IPv4 addresses."
            yield ctx.finding("The webhook endpoints cannot be reached by IPv4", detail, told, discriminator="IPv4")


async def knock(ctx: Context, route: WebhookRoute) -> Seen:
    """Post to an endpoint, and beside it. Raises Inconclusive where that says nothing."""
    nowhere = WebhookRoute("nowhere", f"{route.path}-{ctx.tag}")
    sent = (ctx.deliver(to, PROBE, headers={}, effect=Effect.PROBE) for to in (route, nowhere))
    try:
        answer, beside = await asyncio.gather(*sent)
    except TargetError as error:
        return Seen(None, None, error=error.message)
    if answer.is_redirect:
        ctx.inconclusive(f"it redirects to {answer.header('location')}", supply="see webhook-url-not-redirected")
    seen = Seen(answer, beside)
    if route.secret and not is_there(seen):
        seen = seen._replace(signed=await ctx.deliver(route, PROBE, effect=Effect.PROBE))
    if answer.status == 429 or not (is_there(seen) or assess(seen)):
        supply = "target.routes.webhook[].secret, so that a signed event can decide"
        ctx.inconclusive(f"it answers {answer.status}, which does not show an endpoint", supply=supply)
    return seen


def is_there(seen: Seen) -> bool:
    """Whether the answers show an endpoint: by a refusal of its own, or as it takes what is signed."""
    answer, beside, signed, _ = seen
    if answer is None or beside is None:
        return False
    if signed:
        return signed.is_success and not beside.is_success
    if is_page(answer) or web.asks_for_csrf_token(answer.status, answer.text) or beside.status == answer.status:
        return False
    is_signature_missed = answer.status in (401, 403) and "signature" in answer.text.lower()
    return is_signature_missed or answer.is_success or answer.status in (400, 415, 422)


def is_page(answer: Answer) -> bool:
    """Whether it is a web page."""
    return web.is_page(answer.header("content-type"), answer.text)


def assess(seen: Seen) -> tuple[str, str] | None:
    """Title and cause of what stands between Stripe and an endpoint; None where nothing is known to."""
    answer, beside, signed, error = seen
    if answer is None or beside is None:
        return "A webhook endpoint does not answer", f"{error}."
    if is_there(seen):
        return None
    status = answer.status
    if web.asks_for_csrf_token(status, answer.text):
        return "A CSRF check stands before a webhook endpoint", f"it answers {status} and asks for a CSRF token."
    if status in (404, 410):
        return "A webhook endpoint is not there", f"POST is answered {status}."
    if status == 405:
        return "A webhook endpoint does not take POST", f"it answers 405, and takes {answer.header('allow')}."
    if status in (401, 403) and (signed or answer.header("www-authenticate")):
        return "A login stands before a webhook endpoint", f"it answers {status} before it asks for a signature."
    if status >= 500:
        return "A webhook endpoint answers with a server error", f"an unsigned event is answered {status}."
    if answer.is_success and is_page(answer) and beside.is_success:
        return "A web page stands in for a webhook endpoint", "every unknown path is answered with it: events are lost."
    return None
