"""The same webhook event more than once."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class WebhookDuplicatesHarmless(Check):
    """A webhook event that arrives more than once has one effect.

    What it checks:
        Sends the events of payments again: one after the other, twelve copies at the same moment (so that each
        worker of the server gets some), and as a second event with an id of its own about the same change (Stripe may
        send such). The order must be fulfilled once, and its customer get no more mails than one whose events came
        once.

    Why it matters:
        Stripe delivers at least once, and says so. Every duplicate that is worked off again ships twice, credits twice
        or counts twice.

    How to fix:
        Record the event's id in the database, which all workers share, under a unique constraint in the same
        transaction as its effect, and make the effect itself conditional: fulfil where the order is not fulfilled yet.
        The second also covers two events for one change, and copies that arrive at the same time.
    """

    id = "webhook-duplicates-harmless"
    task = "6.2"
    severity = Severity.HIGH
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/webhooks#handle-duplicate-events", "CWE-367")
    max_requests = 150
    max_objects = 4

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Once, in turn, at once, and as a second event; then compare."""
        once, *repeated = await trials.together(trials.repeat(ctx, name) for name in trials.REPETITIONS)
        if once.order is None:
            yield await trials.unrecorded(ctx, "An event that comes twice is as lost as one that comes once.")
            return
        if not once.order.is_paid or once.order.fulfilled == 0:
            state = f"{once.order.raw_state}, fulfilled {once.order.fulfilled} times"
            ctx.inconclusive(f"after events that came once the order is {state}", supply="observers.order")
        if once.order.fulfilled is None and not once.mails:
            ctx.inconclusive("no effect is seen that could come twice", supply="target.routes.order.response.fulfilled")
        for seen in repeated:
            if wrong := assess(once, seen):
                severity, title, detail = wrong
                data = {"order": seen.order.summary if seen.order else None, "mails": seen.mails}
                evidence = ctx.evidence(f"after {seen.title}", data=data)
                route = ctx.spec.webhooks[0].label
                yield ctx.finding(title, detail, evidence, severity=severity, route=route, discriminator=seen.id)


def assess(once: trials.Repeated, seen: trials.Repeated) -> tuple[Severity, str, str] | None:
    """What is wrong where events came more than once, by the side of ``once``: severity, title, detail."""
    fulfilled = seen.order.fulfilled if seen.order else None
    if fulfilled is not None and fulfilled > 1:
        detail = f"{seen.title.capitalize()}, and the order was fulfilled {fulfilled} times."
        return Severity.CRITICAL, "An order is fulfilled again for a duplicate", detail
    if seen.order is None or not seen.order.is_paid or fulfilled == 0:
        state = seen.order.raw_state if seen.order else "not found"
        return Severity.HIGH, "Duplicates undo an effect", f"{seen.title.capitalize()}, and the order is {state}."
    usual = max(once.mails or 0, 1)  # the one mail may have been on its way still
    if (seen.mails or 0) > usual:
        detail = f"{seen.title.capitalize()}, and the customer got {seen.mails} mails instead of {usual}."
        return Severity.MEDIUM, "A customer gets the same mail again", detail
    if seen.refusals:
        detail = f"{seen.title.capitalize()}: {seen.refusals} were not acknowledged, so Stripe sends them for days."
        return Severity.LOW, "A duplicate is refused", detail
    return None
