"""The time that webhook endpoints take."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

EVENTS = 3
SLOW_MS, FATAL_MS = 2000.0, 10_000.0


class WebhookAcknowledgedQuickly(Check):
    """Webhook events are acknowledged within two seconds.

    What it checks:
        Delivers genuine events to each webhook endpoint, one and then two at once, with nothing else going on, and
        takes the time of each acknowledgement. Half of an endpoint's must come within 2 s, and none may take 10 s. The
        first, the 95th percentile of the others, the share that waits for Stripe (Stripe's answers about just these
        payments are slowed down), and before how many a mail had been sent, are noted.

    Why it matters:
        Stripe does not publish how long it waits; ten to twenty seconds are reported. What takes longer counts as
        failed and is sent again, while the first one is still at work. An endpoint that asks Stripe or a mail server
        before it answers is as slow as they are on their worst day.

    How to fix:
        Verify, store the event, answer 200, and work from the store: a table and a worker, or the framework's queue
        (BullMQ, Celery, Sidekiq, Laravel's). Not a promise that is left running: where functions are frozen after the
        answer, it is lost. Per framework: docs/fixes/webhook-endpoints.md.
    """

    id = "webhook-acknowledged-quickly"
    task = "2.4"
    severity = Severity.MEDIUM
    needs = ("route:webhook", "webhook_secret", "stripe")
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries", "faults"), alone=("target",))
    references = ("docs.stripe.com/webhooks#acknowledge-events-immediately", "docs.stripe.com/webhooks#best-practices")
    timeout = 240.0
    max_requests = 120
    max_objects = 40

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Time every endpoint in turn, then see what the first waits for."""
        routes = [route for route in ctx.spec.webhooks if route.secret]
        timed = {route: await trials.time_acknowledgements(ctx, route, count=EVENTS) for route in routes}
        for route, one in timed.items():
            if wrong := assess(one):
                severity, told = wrong
                evidence = ctx.evidence(
                    told, one.answer, data={"first ms": round(one.first_ms), "others ms": one.warm_ms}
                )
                detail = f"{route.path}: {told}."
                yield ctx.finding(
                    "Webhook events are acknowledged slowly", detail, evidence, severity=severity, route=route.label
                )
        warm = [spent for one in timed.values() for spent in one.warm_ms]
        if not warm:
            return
        first = max(one.first_ms for one in timed.values())
        ctx.note(
            f"first {first:.0f} ms, then p95 {trials.percentile(warm, 0.95):.0f} ms of {len(warm)} acknowledgements"
        )
        payable = [route for route in routes if not route.events or {*route.events} & trials.PAYMENT_EVENTS]
        if payable and max(warm) < SLOW_MS:
            usual = trials.percentile(warm, 0.5)
            waits = await trials.what_is_waited_for(ctx, payable[0], count=3, usual_ms=usual)
            if waits:
                mails = "" if waits.for_mail is None else f"; before {waits.for_mail} a mail had been sent"
                ctx.note(f"{waits.for_stripe} of {waits.of} acknowledgements wait for Stripe{mails}")


def assess(timed: trials.Timed) -> tuple[Severity, str] | None:
    """How bad an endpoint's times are, and in what words. A single slow one among quick ones may be the machine's."""
    if timed.trouble:
        return Severity.HIGH, f"a genuine event was not acknowledged ({timed.trouble})"
    every = (timed.first_ms, *timed.warm_ms)
    if min(every) >= FATAL_MS:
        return Severity.HIGH, f"acknowledgements take {min(every) / 1000:.1f} s and more"
    middle = trials.percentile(every, 0.5)
    return (
        (Severity.MEDIUM, f"half of the acknowledgements take {middle / 1000:.1f} s or more")
        if middle > SLOW_MS
        else None
    )
