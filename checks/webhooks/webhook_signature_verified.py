"""Forged webhook events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Evidence, Finding, Severity, Uses, WebhookRoute, trials, webhooks


class WebhookSignatureVerified(Check):
    """Forged webhook events are rejected.

    What it checks:
        Sends to each webhook endpoint an event that Stripe really has, but signed wrongly: not at all, with garbage,
        another secret, the empty key, a blank, twenty well-known placeholders, only ``v0``, no digits or the first few
        of the right ones, two wrong headers, without its time or with another one, or changed by one byte after
        signing; and with the secrets of the other endpoints, which is a minor flaw, as Stripe did sign it. The event is
        true, so a target that acts upon it changes the order, and that is what is looked at: a refusal whose event is
        processed all the same fails too. Where no order shows the effect, a 2xx counts only if the endpoint refuses a
        body that is no event, so that a catch-all is not mistaken for a handler. That a genuine event is taken is the
        control: what refuses everything proves nothing.

    Why it matters:
        Whoever knows the URL can mark orders as paid, refunded or cancelled. Signatures made with the empty key
        were accepted by six of the official SDKs before September 2026 where the secret was unset.

    How to fix:
        Verify the ``Stripe-Signature`` header over the raw body with the endpoint's own secret before anything else,
        by the SDK's ``constructEvent`` / ``construct_event``, and answer 400 when it fails. Refuse to start without a
        secret. Per framework: docs/fixes/webhook-signatures.md.
    """

    id = "webhook-signature-verified"
    task = "2.2"
    severity = Severity.CRITICAL
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#verify-events", "PCI DSS 6.2.4", "ASVS 4.1.5", "CWE-347")
    timeout = 60.0
    max_requests = 400
    max_objects = 120

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Try each forgery on each endpoint."""
        async for route, believed in trials.each_webhook(ctx, believed_by, is_signed=False):
            forged = [one for one in believed if not one.forgery.is_foreign]
            foreign = [one for one in believed if one.forgery.is_foreign]
            if forged:
                yield finding(ctx, route, forged)
            elif foreign:
                yield ctx.finding(
                    "An event that was signed for another endpoint is accepted",
                    f"{route.path} took an event {foreign[0].forgery.title}. Give each endpoint one secret, its own.",
                    *evidence_of(ctx, foreign),
                    severity=Severity.LOW,
                    route=route.label,
                    discriminator="other-endpoint",
                )


async def believed_by(ctx: Context, route: WebhookRoute) -> list[trials.Tried]:
    """The forgeries that an endpoint took for genuine."""
    forgeries = [forgery for forgery in webhooks.FORGERIES if not forgery.is_replay]
    others = {one.secret: one.path for one in ctx.spec.webhooks if one.secret not in (None, route.secret)}
    forgeries += [webhooks.signed_for_another(path, secret) for secret, path in others.items() if secret]
    return await trials.believed_forgeries(ctx, route, forgeries)


def finding(ctx: Context, route: WebhookRoute, accepted: list[trials.Tried]) -> Finding:
    """One finding per endpoint; what was accepted is in its evidence."""
    names = ", ".join(one.forgery.id for one in accepted)
    had_effect = any(one.effect for one in accepted)
    title = "A forged event changed an order" if had_effect else "A forged event was accepted"
    detail = f"{route.path} took events that Stripe did not sign: {names}."
    return ctx.finding(title, detail, *evidence_of(ctx, accepted), route=route.label)


def evidence_of(ctx: Context, accepted: list[trials.Tried]) -> list[Evidence]:
    """What was sent, what came back, and the order that changed."""
    return [
        ctx.evidence(
            f"{one.forgery.title}: answered {one.answer.status}" + (", and the order changed" if one.effect else ""),
            one.answer,
            data=one.effect.summary if one.effect else None,
        )
        for one in accepted
    ]
