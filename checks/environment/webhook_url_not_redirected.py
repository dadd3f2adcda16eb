"""Redirects of the webhook endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

from stripe_audit import Answer, Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials


class WebhookUrlNotRedirected(Check):
    """Webhook endpoints answer at the very URL that is registered.

    What it checks:
        Posts to each webhook endpoint without a signature, and looks whether the answer is a redirect: to the same path
        with a slash, to another host, to a login. One that leads from http to https alone is judged at the https
        address, if the settings name it.

    Why it matters:
        Stripe counts a redirect as a failed delivery and does not follow it. Browsers do, so nobody notices.

    How to fix:
        Register the URL that the redirect leads to, with its slash, host and scheme, or switch the redirect off for
        this route. Exempt it from login middleware.
    """

    id = "webhook-url-not-redirected"
    task = "1.3"
    severity = Severity.HIGH
    needs = ("route:webhook",)
    effect = Effect.PROBE
    uses = Uses(shared=("target",))
    references = ("docs.stripe.com/webhooks#redirects", "github.com/stripe/stripe-cli/issues/332")
    max_requests = 10

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Post to each endpoint."""
        async for route, answer in trials.each_webhook(ctx, posted, is_signed=False):
            if 300 <= answer.status < 400:
                location = answer.header("location") or "an address that it does not name"
                detail = f"{route.path} answers POST with {answer.status} to {location}{hint(answer)}"
                evidence = ctx.evidence(f"answered {answer.status}", answer)
                yield ctx.finding("A webhook URL redirects", detail, evidence, route=route.label)


async def posted(ctx: Context, route: WebhookRoute) -> Answer:
    """The answer to a body that is no event, at the https address where http only leads there."""

    async def post(*, is_https: bool = False) -> Answer:
        kind = {"content-type": "application/json"}
        return await ctx.request(
            "POST",
            route.path,
            effect=Effect.PROBE,
            is_https=is_https,
            content=b"{}",
            headers=kind,
            route=route.label,
        )

    answer = await post()
    if is_only_to_https(answer):
        if not ctx.spec.https_url:
            ctx.inconclusive("it redirects from http to https", supply="target.https_url, to look there")
        answer = await post(is_https=True)
    if answer.status in (404, 405, 410):
        ctx.inconclusive(f"nothing is there to redirect: {answer.status}", supply="see webhook-endpoint-reachable")
    return answer


def is_only_to_https(answer: Answer) -> bool:
    """Whether a redirect changes nothing but the scheme, and the port with it."""
    old, new = urlsplit(answer.url), urlsplit(urljoin(answer.url, answer.header("location") or ""))
    same = (old.hostname, old.path) == (new.hostname, new.path)
    return answer.is_redirect and (old.scheme, new.scheme) == ("http", "https") and same


def hint(answer: Answer) -> str:
    """What the redirect is, as the end of a sentence."""
    old, new = urlsplit(answer.url), urlsplit(urljoin(answer.url, answer.header("location") or ""))
    before, after = old.hostname or "", new.hostname or ""
    if new.path.rstrip("/") == old.path.rstrip("/") and new.path != old.path:
        return ", the same path but for the slash at its end."
    if any(word in new.path.lower() for word in ("login", "signin", "sign-in", "auth")):
        return ", a login: the route needs an exemption from it."
    if before != after and before.removeprefix("www.") == after.removeprefix("www."):
        return f", the same host {'without' if before.startswith('www.') else 'with'} www."
    if before != after:
        return f", on {after} instead of {before}."
    return ", the same address over https." if (old.scheme, new.scheme) == ("http", "https") else "."
