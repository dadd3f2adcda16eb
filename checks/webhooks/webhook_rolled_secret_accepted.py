"""Webhook events with several signatures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, WebhookRoute, signatures, trials, webhooks

OTHER = "whsec_b2xkc2VjcmV0dGhhdGlzcm9sbGVk"
PLAIN = "one signature"


def signed(*schemes: str) -> Callable[[Mapping[str, Any], str, int], tuple[bytes, dict[str, str]]]:
    """A form with a signature for each word: ``right`` and ``wrong`` are ``v1``, others a scheme of that name."""

    def form(event: Mapping[str, Any], secret: str, now: int) -> tuple[bytes, dict[str, str]]:
        body = webhooks.body_of(event)
        keys = {"right": secret, "wrong": OTHER}
        parts = [
            f"{'v1' if word in keys else word}={signatures.sign(body, keys.get(word, OTHER), now)}" for word in schemes
        ]
        return body, {"Stripe-Signature": ",".join([f"t={now}", *parts])}

    return form


FORMS = {
    PLAIN: signed("right"),
    "the right signature before another": signed("right", "wrong"),
    "the right signature after another": signed("wrong", "right"),
    "the right one after v0 and a scheme to come": signed("v0", "v2", "right"),
}


class WebhookRolledSecretAccepted(Check):
    """Events with several signatures are taken if one of them is right.

    What it checks:
        Delivers to each webhook endpoint a genuine event with two ``v1`` signatures of which one is right: once the
        first, once the second. And one beside signatures of other schemes. Each must be taken as one with a single
        signature is.

    Why it matters:
        While a signing secret is rolled, Stripe signs with the old one and the new one, for up to 24 hours. An endpoint
        that reads the first or the last signature alone refuses every event in that time, so that nobody dares to roll
        a secret that has leaked.

    How to fix:
        Leave it to the SDK's ``constructEvent`` / ``construct_event``. In code of your own, compare every ``v1`` of the
        header, pass over other schemes, and take the event if one of them fits. Per framework:
        docs/fixes/webhook-signatures.md.
    """

    id = "webhook-rolled-secret-accepted"
    task = "2.2"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#roll-endpoint-secrets", "PCI DSS 8.6.3", "ASVS 13.3.4")
    max_requests = 80
    max_objects = 25

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every form at every endpoint."""
        async for route, forms in trials.each_webhook(ctx, tried):
            refused = [one for one in forms if not one.is_taken]
            if refused:
                told = " and ".join(f"{one.name} ({one.answer.status})" for one in refused)
                evidence = [ctx.evidence(one.name, one.answer) for one in refused]
                yield ctx.finding(
                    "An event with several signatures is refused",
                    f"{route.path} takes an event with one signature, and refuses the same with {told}.",
                    *evidence,
                    route=route.label,
                )


async def tried(ctx: Context, route: WebhookRoute) -> list[trials.Taken]:
    """A genuine event in each form. Raises Inconclusive where not even the plain one is taken."""
    forms = await trials.try_forms(ctx, route, FORMS)
    if not next(one for one in forms if one.name == PLAIN).is_taken:
        ctx.inconclusive("an event with one signature is refused", supply="see webhook-genuine-event-accepted")
    return forms
