"""What the people who run the target hear of a failed payment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stripe_audit import Check, Context, Effect, Finding, LogLine, Severity, Uses, trials

DECLINED = "pm_card_visa_chargeDeclined"


class FailedPaymentAlerted(Check):
    """The people who run the shop are alerted to a failed payment.

    What it checks:
        Has a card declined, and waits for a mail to the declared alert address, or a notification at the declared path,
        that names the order, the PaymentIntent or the charge. Where neither is declared (``alerts_to`` of
        ``observers.mail`` and ``observers.notifications``), a line in the log that names one of them at level
        ``warning`` or above is taken instead. That is the weaker form: it shows that an alert
        could be raised, not that anybody hears it, which is told as a note; its lack weighs less, too.

    Why it matters:
        One decline is nothing. Hundreds are card testing, a broken form or an expired setting, and without an alert
        the first to notice is Stripe, or a customer.

    How to fix:
        On ``payment_intent.payment_failed`` tell a person, or a counter with a threshold, the order's and the
        PaymentIntent's id, once per failed attempt. Log it at ``warning``, and let the log's alerting count.
    """

    id = "failed-payment-alerted"
    task = "5.3"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/get-started/checklist/go-live", "docs.stripe.com/disputes/prevention/card-testing")
    max_requests = 4
    max_objects = 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """One decline, then the mails to the alert address, or else the log."""
        places, mark = ctx.alert_places, trials.log_mark(ctx)
        if not places and mark is None:
            ctx.skip("neither a place for alerts nor a log is declared", setting="observers.mail.alerts_to")
        payment = await ctx.payments.new()
        answer = await ctx.payments.confirm(payment, DECLINED)
        if answer.state != "requires_payment_method":
            ctx.inconclusive(f"the declined payment is {answer.state} at Stripe")
        names = await trials.names_of(ctx, payment)
        seen = ctx.evidence("a payment that was declined", data={"intent": payment.intent, "error": answer.error})
        route = ctx.target.route("create_payment").label
        if places:
            if not await ctx.alerts(names):
                where = " or ".join(places)
                detail = f"A card was declined, and nothing sent to {where} names the order, PaymentIntent or charge."
                yield ctx.finding("Nobody is alerted to a failed payment", detail, seen, route=route)
            return
        assert mark is not None
        await ctx.log_lines(mark, lambda line: trials.is_alarming(line) and trials.is_named(line.text, names))
        about = [line for line in ctx.logs.since(mark) if trials.is_named(line.text, names)]
        if about and not any(line.level for line in about):
            ctx.inconclusive("the log's lines name no level", supply="observers.logs.format: json, with a level field")
        ctx.note("no place for alerts is declared, so a line in the log was looked for; who hears it is not seen")
        if wrong := assess(about):
            lines = [ctx.evidence("in the log", data={"line": line.text[:500]}) for line in about[:3]]
            yield ctx.finding(*wrong, seen, *lines, severity=Severity.LOW, route=route)


def assess(about: Sequence[LogLine]) -> tuple[str, str] | None:
    """What is wrong with the log's lines about a failed payment, where it is all there is: title and detail."""
    if any(map(trials.is_alarming, about)):
        return None
    levels = ", ".join(sorted({line.level for line in about})) or "no line names it"
    detail = f"No line at warning or above names the declined payment ({levels}), and no place for alerts is declared."
    return "A failed payment cannot raise an alert", detail
