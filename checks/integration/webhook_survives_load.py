"""Webhook events on a schedule that waits for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

RATE = 150.0
SECONDS = 0.8
MOST_REFUSED = 0.1
"""The share of events that may be refused at first: they come again, and a target may say that it is busy."""


class WebhookSurvivesLoad(Check):
    """Under a steady load of webhook events, each acknowledged one has its effect once.

    What it checks:
        Pays some dozens of orders while all that Stripe tells of them is kept back. Then sends these events, 120 of
        them and 150 a second, however slowly they are answered; a tenth comes twice, as Stripe may. What is refused is
        delivered again. In the end every order whose success was acknowledged must be paid, and fulfilled once; and at
        most a tenth of the events may have been refused at first. One order that is told of gently before is the
        control. How long answers took is noted, counted from the moment when each event was due.

    Why it matters:
        A sale brings more events in a second than a quiet day in an hour. What is written for one at a time fails just
        then: a buffer that drops what does not fit, a memory of handled events that forgets, a pool of connections
        that is too small. The acknowledged event does not come again: somebody has paid, and gets nothing.

    How to fix:
        Store each event durably before it is acknowledged, with a unique index on its id, and work from there at the
        pace that the rest can keep. Where it could not be stored, answer 5xx, so that Stripe delivers it again.
        ``stripe-audit load`` shows how much the target bears: docs/load.md.
    """

    id = "webhook-survives-load"
    task = "6.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
    effect = Effect.LOAD
    uses = Uses(shared=("stripe",), alone=("load", "target", "deliveries"))
    references = (
        "docs.stripe.com/webhooks#handle-duplicate-events",
        "docs.stripe.com/webhooks#retries",
        "docs.stripe.com/webhooks/process-undelivered-events",
    )
    timeout = 120
    max_requests = 1200
    max_objects = 160

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """One load, and what became of the orders."""
        loaded = await trials.put_under_load(ctx, rate=RATE, seconds=SECONDS)
        ctx.note(f"{loaded.sent} events, {RATE:g} a second: {loaded.latency}; {loaded.refused} refused at first")
        if not loaded.is_fulfilment_seen:
            ctx.note(
                "how often orders are fulfilled is not seen: target.routes.order.response.fulfilled names no field"
            )
        flaws = trials.flaws_of(loaded, most_errors=MOST_REFUSED)
        if flaws and is_only_late(loaded) and (busy := await trials.busy_machine()):
            ctx.inconclusive(f"{loaded.refused} events were not answered in time, and {busy}")
        for flaw in flaws:
            evidence = ctx.evidence(f"{loaded.sent} events about {loaded.orders} orders were sent", data=flaw.data)
            told = (flaw.title, flaw.detail, evidence)
            label = ctx.webhook_for("payment_intent.succeeded").label
            yield ctx.finding(*told, severity=flaw.severity, route=label, discriminator=flaw.id)


def is_only_late(loaded: trials.Loaded) -> bool:
    """Whether nothing is wrong but that answers did not come: a busy machine does that, too."""
    said_no = sum(count for kind, count in loaded.errors.items() if kind.startswith("answered"))
    return not loaded.lost and not loaded.doubled and said_no <= loaded.sent * MOST_REFUSED
