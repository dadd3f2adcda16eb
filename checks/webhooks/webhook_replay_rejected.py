"""Webhook events that were signed long ago."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials, webhooks


class WebhookReplayRejected(Check):
    """Webhook events that were signed long ago are rejected.

    What it checks:
        Sends to each webhook endpoint an event that Stripe really has, rightly signed, but with a time of an hour ago,
        and one of a minute past the tolerance of 300 seconds. It is the effect on the order that counts; where none
        shows, a 2xx counts if the endpoint refuses a body that is no event. The same event signed now must be taken.
        Whether one that is signed for an hour from now is taken is noted: most of Stripe's libraries take it.

    Why it matters:
        Whoever once saw a delivery (in a log, at a proxy) can send it again for ever: a payment repeated after a
        refund, an old state brought back.

    How to fix:
        Leave the tolerance of ``constructEvent`` / ``construct_event`` at its default of 300 seconds: 0 or ``None``
        turn the check off in some libraries. Keep the server's clock right (NTP). Per framework:
        docs/fixes/webhook-signatures.md.
    """

    id = "webhook-replay-rejected"
    task = "2.2"
    severity = Severity.HIGH
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#replay-attacks", "CWE-294")
    max_requests = 100
    max_objects = 20

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Try each age on each endpoint."""
        early = []
        async for route, (believed, takes_early) in trials.each_webhook(ctx, believed_by):
            if believed:
                yield finding(ctx, route, believed)
            early += [route.path] if takes_early else []
        if early:
            ctx.note(f"signed for an hour from now, events are taken by {', '.join(early)}")


async def believed_by(ctx: Context, route: WebhookRoute) -> tuple[list[trials.Tried], bool]:
    """The old events that an endpoint took for new ones, and whether it takes one that is not signed yet."""
    replays = [forgery for forgery in webhooks.FORGERIES if forgery.is_replay]
    believed = await trials.believed_forgeries(ctx, route, replays)
    body = webhooks.body_of(await ctx.stripe.synthesize("stripe_audit.early", {"id": f"early_{ctx.tag}"}))
    header = webhooks.genuine_header(body, route.secret or "", int(time.time()) + 3600)
    return believed, (await ctx.deliver(route, body, headers=header, effect=Effect.PROBE)).is_success


def finding(ctx: Context, route: WebhookRoute, believed: list[trials.Tried]) -> Finding:
    """One finding per endpoint."""
    evidence = []
    for one in believed:
        told = f"{one.forgery.title}: answered {one.answer.status}" + (", and the order changed" if one.effect else "")
        evidence.append(ctx.evidence(told, one.answer, data=one.effect.summary if one.effect else None))
    ages = "; ".join(one.forgery.title for one in believed)
    detail = f"{route.path} took old events ({ages}); the tolerance of Stripe's libraries is {webhooks.TOLERANCE_S} s."
    return ctx.finding("An old event is taken for a new one", detail, *evidence, route=route.label)
