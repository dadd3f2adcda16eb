"""A webhook event whose handling fails."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class WebhookFailureRetried(Check):
    """An event whose handling fails has its effect later, once.

    What it checks:
        Keeps back the events of a paid order, and makes Stripe refuse (429) what the target asks it about the payment
        while the success is delivered. If the event is not acknowledged it is delivered again, as Stripe would; if it
        is, the target must work it off by itself. Either way the order is to be paid and fulfilled once. A target that
        asks Stripe nothing while it handles an event cannot be made to fail in this way: inconclusive.

    Why it matters:
        Handlers fail: a database restarts, a deploy cuts in, Stripe limits the rate. What was acknowledged is never
        sent again, and what is marked as seen before the work is done is skipped when it comes again. The customer
        has paid, and there is no order.

    How to fix:
        Record the event as handled in the same transaction as its effect, and answer 5xx when that fails. Or store it
        in a durable queue before the 2xx, and have the worker try again until it is done. Never catch and acknowledge.
        Per framework: docs/fixes/idempotency.md.
    """

    id = "webhook-failure-retried"
    task = "5.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe", "observer:order")
    effect = Effect.FAULT
    uses = Uses(shared=("target", "stripe", "deliveries", "faults"))
    references = ("docs.stripe.com/webhooks#retries", "docs.stripe.com/webhooks/process-undelivered-events", "CWE-755")
    max_requests = 60
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Let it fail, then look what is left of it."""
        failed = await trials.fail_handling(ctx)
        if failed.order is None:
            yield await trials.unrecorded(ctx, "An event that fails has nothing to be tried again for.")
            return
        if not failed.hits and not failed.is_acknowledged:
            ctx.inconclusive(f"a genuine event was answered {failed.told}, though nothing failed")
        if not failed.hits:
            ctx.inconclusive("the target asks Stripe nothing while it handles an event, so that nothing can fail there")
        ctx.note("acknowledged, and worked off later" if failed.is_acknowledged else "refused, and delivered again")
        if failed.usual and not failed.usual.is_paid:
            ctx.inconclusive(f"a payment whose events met no failure is {failed.usual.raw_state!r}, not paid, either")
        if failed.order.fulfilled is None:
            ctx.note("how often it is fulfilled is not seen: target.routes.order.response.fulfilled names no field")
        if wrong := assess(failed):
            severity, title, detail = wrong
            seen = ctx.evidence(
                f"{failed.hits} calls to Stripe failed; the event was answered {failed.told}",
                data=failed.order.summary,
            )
            route = ctx.webhook_for("payment_intent.succeeded").label
            yield ctx.finding(title, detail, seen, severity=severity, route=route)


def assess(failed: trials.HandlingFailed) -> tuple[Severity, str, str] | None:
    """What is wrong in the end, and is not so without a failure: severity, title, detail."""
    order, told = failed.order, failed.told
    state = f"{order.raw_state!r}, fulfilled {order.fulfilled or 0} times" if order else "not found"
    match failed.fate:
        case "once":
            return None
        case "twice":
            detail = f"The first handling failed, and in the end the order is {state}."
            return Severity.CRITICAL, "A failed handling has its effect twice", detail
        case "lost":
            detail = f"It was answered {told} though its handling failed; the order stays {state}."
            return Severity.CRITICAL, "A failed event is acknowledged and lost", detail
        case "skipped":
            detail = f"It was refused ({told}), acknowledged when it came again, and the order stays {state}."
            return Severity.CRITICAL, "A failed event counts as handled when it comes again", detail
        case "refused":
            down = " Nobody can begin to pay, either." if failed.is_down else ""
            detail = f"It was refused ({told}) and still is, with Stripe well again; the order stays {state}.{down}"
            return Severity.HIGH, "A failed event is refused for good", detail
