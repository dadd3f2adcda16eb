"""Webhook events of the other mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from stripe_audit import Answer, Check, Context, Effect, Finding, Order, Severity, Uses, WebhookRoute, trials

SETTLING_S = 0.3


class Seen(NamedTuple):
    """The answer to an event of the other mode, and the order that it changed, if it did."""

    answer: Answer
    effect: Order | None


class WebhookModeChecked(Check):
    """Webhook events of the other mode are not acted upon.

    What it checks:
        Delivers to each webhook endpoint for ``payment_intent.succeeded`` an event that is rightly signed and says
        ``livemode: true`` to a test deployment (false to a live one). It tells of a payment for an order of ours that
        is not paid in the target's own mode; its PaymentIntent has an id that only the other mode would know. The order
        must stay unpaid. How it is answered does not matter. That a genuine event has its effect is the control.

    Why it matters:
        The live endpoint of a platform gets the test events of its connected accounts too, and sooner or later a secret
        or an endpoint of one mode ends up in the other. Order 1042 of the test database is order 1042 of the live one:
        a test card then pays for real goods.

    How to fix:
        Compare ``event.livemode`` with the mode that the deployment runs in, before anything else: answer 200 and log
        it. Look an order up by its PaymentIntent's id, not by a number in ``metadata``, or ask Stripe for the
        PaymentIntent: with the key of one mode, those of the other do not exist. See docs/fixes/webhook-endpoints.md.
    """

    id = "webhook-mode-checked"
    task = "2.4"
    severity = Severity.HIGH
    needs = ("route:webhook", "webhook_secret", "route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = (
        *("docs.stripe.com/connect/webhooks", "docs.stripe.com/api/events/object#event_object-livemode"),
        *("github.com/integrallis/stripe_event/issues/33", "PCI DSS 6.5.5", "CWE-345"),
    )
    max_requests = 80
    max_objects = 20

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """One event of the other mode for each endpoint."""
        mode = "test" if ctx.environment == "live" else "live"
        looked = False
        async for route, seen in trials.each_webhook(ctx, told):
            looked = looked or seen is not None
            if seen and seen.effect:
                detail = f"{route.path} answered {seen.answer.status} to an event of {mode} mode, and the order is "
                detail += f"{seen.effect.raw_state!r} now; in the target's own mode nothing was paid."
                evidence = ctx.evidence(f"an event of {mode} mode", seen.answer, data=seen.effect.summary)
                yield ctx.finding("An event of the other mode changed an order", detail, evidence, route=route.label)
        if not looked:
            ctx.skip("no endpoint is for payment_intent.succeeded", setting="target.routes.webhook[].events")


async def told(ctx: Context, route: WebhookRoute) -> Seen | None:
    """Tell an endpoint of the other mode's payment; None where it is not for such events."""
    if route.events and not {"payment_intent.succeeded", "*"} & {*route.events}:
        return None
    event = await trials.paid_in_other_mode(ctx)
    answer = await ctx.deliver(route, event.event)
    effect = await trials.effect_of(ctx, event, within=ctx.patience if answer.is_success else SETTLING_S)
    if not effect:
        genuine = await trials.deliver_genuine(ctx, route, await trials.fitting_event(ctx, route))
        if not genuine.effect:
            ctx.inconclusive(
                f"a genuine event, answered {genuine.answer.status}, shows no effect either",
                supply="see webhook-genuine-event-accepted",
            )
    return Seen(answer, effect)
