"""What the people who run the target hear of a webhook event that cannot be handled."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class WebhookFailureAlerted(Check):
    """The people who run the shop are alerted to a webhook event that fails.

    What it checks:
        Makes Stripe refuse (429) what the target asks it about a payment while the payment's success is delivered, and
        waits for a mail to the declared alert address, or a notification at the declared path, that names the event,
        the order, the PaymentIntent or the charge. Where neither is declared (``alerts_to`` of ``observers.mail`` and
        ``observers.notifications``), a line in the log that names one of them at level ``warning`` or above is taken
        instead, which is told as a note and weighs less. A target that asks Stripe nothing while it handles an event
        cannot be made to fail in this way: inconclusive.

    Why it matters:
        An endpoint that fails is seen by nobody but Stripe, which repeats the event for three days and then switches
        the endpoint off. Until a customer complains, no payment is recorded.

    How to fix:
        Where a handler's failure is caught to answer 5xx (or the queue's worker catches it), tell a person: the event's
        id and type, once per event. Log it at ``error``, and let the log's alerting count. Watch the endpoint's error
        rate in the Dashboard, too.
    """

    id = "webhook-failure-alerted"
    task = "5.3"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "route:webhook", "webhook_secret", "items", "stripe")
    effect = Effect.FAULT
    uses = Uses(shared=("target", "stripe", "deliveries", "faults"))
    references = ("docs.stripe.com/webhooks#disable", "docs.stripe.com/get-started/checklist/go-live", "CWE-778")
    max_requests = 20
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Let one event fail, then read the mails to the alert address, or else the log."""
        places, mark = ctx.alert_places, trials.log_mark(ctx)
        if not places and mark is None:
            ctx.skip("neither a place for alerts nor a log is declared", setting="observers.mail.alerts_to")
        failed = await trials.fail_once(ctx)
        if not failed.hits:
            ctx.inconclusive("the target asks Stripe nothing while it handles an event, so that nothing can fail there")
        names = {*await trials.names_of(ctx, failed.payment), failed.event}
        statuses = ", ".join(str(attempt.status or "nothing") for attempt in failed.first)
        seen = ctx.evidence(f"{failed.hits} calls to Stripe failed; the event was answered {statuses}")
        route = ctx.webhook_for("payment_intent.succeeded").label
        if places:
            if not await ctx.alerts(names):
                where = " or ".join(places)
                detail = f"The handling of an event failed, and nothing sent to {where} names it or its payment."
                yield ctx.finding("Nobody is alerted to a webhook event that fails", detail, seen, route=route)
        elif mark is not None:
            ctx.note("no place for alerts is declared, so a line in the log was looked for; who hears it is not seen")
            lines = await ctx.log_lines(
                mark, lambda line: trials.sounds_alarming(line) and trials.is_named(line.text, names)
            )
            if not lines:
                detail = "No line at warning or above names the event that failed, and no place for alerts is declared."
                title = "A webhook event that fails cannot raise an alert"
                yield ctx.finding(title, detail, seen, severity=Severity.LOW, route=route)
        if not trials.is_taken(failed.first):
            await ctx.stripe.resend(failed.event)  # the customer has paid, after all
