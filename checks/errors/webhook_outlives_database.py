"""A webhook event that arrives while the database is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class WebhookOutlivesDatabase(Check):
    """An event that arrives while the database is gone has its effect later, once.

    What it checks:
        Keeps back the events of a paid order, takes the database away by the declared mechanism (``target.database``),
        and delivers the success. With the database back, the event is delivered again if it was not acknowledged, as
        Stripe would; if it was, the target must work it off by itself. Either way the order is to be paid and fulfilled
        once. It runs alone, for as long as the target needs to see that its database is gone.

    Why it matters:
        Databases restart, fail over, run out of connections. An event that is acknowledged while nothing can be stored
        is lost: the customer has paid, and nothing will ever say so. One that is remembered as seen before it was
        stored is skipped when Stripe sends it again.

    How to fix:
        Answer 5xx when storing fails: no ``catch`` around the handler that acknowledges. Keep the note that an event
        was handled in the same transaction as its effect, not in memory or in a cache that outlives the failure. Have
        the pool reconnect. Per framework: docs/fixes/outages.md.
    """

    id = "webhook-outlives-database"
    task = "5.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order", "database")
    effect = Effect.FAULT
    uses = Uses(shared=("stripe", "deliveries"), alone=("target", "faults"))
    references = ("docs.stripe.com/webhooks#retries", "docs.stripe.com/webhooks/process-undelivered-events", "CWE-755")
    timeout = 180  # a database that is taken away by commands takes its time
    max_requests = 60
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Take the database away, tell of a payment, give it back, and look."""
        failed, was_stored = await trials.fail_storing(ctx)
        if failed.order is None:
            yield await trials.unrecorded(ctx, "An event that cannot be stored has nothing to be stored in.")
            return
        if was_stored:
            ctx.inconclusive(
                f"the order was paid while {ctx.database.title}: it is kept elsewhere", supply="target.database"
            )
        if failed.usual and not failed.usual.is_paid:
            ctx.inconclusive(f"with the database there, a paid order is {failed.usual.raw_state!r}, not paid, either")
        ctx.note("acknowledged, and worked off later" if failed.is_acknowledged else "refused, and delivered again")
        if wrong := assess(failed):
            severity, title, detail = wrong
            summary = f"{ctx.database.title}; the event was answered {failed.told}"
            seen = ctx.evidence(summary, data=failed.order.summary)
            route = ctx.webhook_for("payment_intent.succeeded").label
            yield ctx.finding(title, detail, seen, severity=severity, route=route)


def assess(failed: trials.HandlingFailed) -> tuple[Severity, str, str] | None:
    """What is wrong in the end: severity, title, detail."""
    order, told = failed.order, failed.told
    state = f"{order.raw_state!r}, fulfilled {order.fulfilled or 0} times" if order else "not found"
    match failed.fate:
        case "once":
            return None
        case "twice":
            detail = f"The database was gone while the event came ({told}), and in the end the order is {state}."
            return Severity.CRITICAL, "An event that met no database has its effect twice", detail
        case "lost":
            detail = f"The database was gone, the event was acknowledged ({told}), and the order stays {state}."
            return Severity.CRITICAL, "An event that could not be stored is acknowledged and lost", detail
        case "skipped":
            detail = f"It was refused ({told}), acknowledged when it came again, and the order stays {state}."
            return Severity.CRITICAL, "An event that could not be stored counts as handled", detail
        case "refused":
            down = " Nobody can begin to pay, either." if failed.is_down else ""
            detail = f"It was refused ({told}) and still is, with the database back; the order stays {state}.{down}"
            return Severity.HIGH, "The target does not recover from the loss of its database", detail
