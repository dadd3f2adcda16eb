"""Genuine webhook events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, trials

LOST = "A genuine event is acknowledged and lost"


class Seen(NamedTuple):
    """A genuine event at an endpoint, why it was refused if it was, and whether another endpoint acts on it instead.

    ``is_catch_all`` tells whether what is no event is acknowledged too.
    """

    delivered: trials.Delivered
    refused: trials.Refused | None = None
    is_left_elsewhere: bool = False
    is_catch_all: bool = False


class WebhookGenuineEventAccepted(Check):
    """Genuine webhook events are acknowledged and take effect.

    What it checks:
        Delivers to each webhook endpoint an event that it is for, signed with its own secret: it must be answered 2xx,
        and where an order shows the effect, the effect must come, at once or from a queue. An endpoint that leaves the
        order to another one is fine. Where it is refused, the same event is signed again as an endpoint with one of the
        usual flaws would expect it: with the secrets of other endpoints and of ``stripe listen``, with API keys and
        endpoint ids from the target's variables, with white space around the secret, with the empty key, over bodies
        that were written again, for another time. The one that is taken is the cause.

    Why it matters:
        Refused events are sent again for three days, then the endpoint is disabled. Events that are acknowledged and
        dropped are worse: Stripe takes them for handled, and paid orders stay open for good.

    How to fix:
        Give each endpoint the signing secret that Workbench → Webhooks shows for it (the one of ``stripe listen`` is
        another), verify over the raw body, handle the event or store it, then answer 2xx. By cause:
        docs/fixes/webhook-secrets.md; per framework: docs/fixes/webhook-signatures.md.
    """

    id = "webhook-genuine-event-accepted"
    task = "2.1"
    severity = Severity.CRITICAL
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#verify-events", "docs.stripe.com/webhooks#behaviors")
    max_requests = 400
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """One genuine event for each endpoint."""
        async for route, (delivered, refused, is_left_elsewhere, is_catch_all) in trials.each_webhook(ctx, told):
            kind, answer = delivered.told.event["type"], delivered.answer
            if refused:
                detail = f"{route.path} answered {answer.status} to a rightly signed {kind}. {refused.cause}"
                evidence = ctx.evidence(f"{kind}, rightly signed: answered {answer.status}", answer)
                yield ctx.finding(refused.title, detail, evidence, route=route.label, discriminator="refused")
            elif delivered.is_visible and not delivered.effect and not is_left_elsewhere:
                title = "Everything is acknowledged, and nothing is processed" if is_catch_all else LOST
                detail = f"{route.path} answered {answer.status} to {kind}, and the order stays as it was."
                if is_catch_all:
                    detail += " What is no event, and carries no signature, is answered 2xx too."
                evidence = ctx.evidence(f"{kind}: answered {answer.status}, and the order did not change", answer)
                yield ctx.finding(title, detail, evidence, route=route.label, discriminator="lost")


async def told(ctx: Context, route: WebhookRoute) -> Seen:
    """Tell an endpoint of something that happened at Stripe."""
    delivered = await trials.deliver_genuine(ctx, route, await trials.fitting_event(ctx, route))
    event, answer, payment = delivered.told.event, delivered.answer, delivered.told.payment
    if answer.status == 403:
        ctx.inconclusive(
            "a rightly signed event is answered 403: the sender may be refused, as its address is none of Stripe's",
            supply="the audit's own address in the endpoint's allow-list",
        )
    if not answer.is_success:
        refused = await trials.why_refused(ctx, route, event, answer)
        if delivered.told.is_made_up and refused.is_of_the_event_alone:
            ctx.inconclusive(
                f"{event['type']} is answered {answer.status}, though the signature is taken; its object is made up",
                supply="target.routes.create_payment, for an event about a payment",
            )
        return Seen(delivered, refused)
    if delivered.effect:
        return Seen(delivered)
    is_catch_all = await trials.accepts_anything(ctx, route)
    is_left_elsewhere = False
    if payment:
        await ctx.stripe.release(payment.intent, events=[event["id"]])  # to every endpoint that listens to it
        is_left_elsewhere = bool(await trials.effect_of(ctx, delivered.told, within=ctx.patience))
    if (is_left_elsewhere or not payment) and is_catch_all:
        ctx.inconclusive("it answers 2xx even to what is no event, and no effect is its own", supply="observers.order")
    if is_left_elsewhere:
        ctx.note(f"{route.path} acknowledges {event['type']} and leaves the order to another endpoint")
    return Seen(delivered, None, is_left_elsewhere, is_catch_all)
