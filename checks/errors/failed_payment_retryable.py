"""Paying again after a decline."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class FailedPaymentRetryable(Check):
    """After a decline the customer can pay the same order, once.

    What it checks:
        Has a card declined, asks for another try (by the declared ``pay_retry``, else by the same ``create_payment``),
        pays what is offered with a good card, and waits until the order is paid. Then it tries to pay the first
        PaymentIntent as well, if the second try got one of its own: of all PaymentIntents of the order one may bring in
        money, unless the target gives the rest back in time.

    Why it matters:
        A good part of declines ends in a payment if the customer may try again. If the first PaymentIntent stays open
        beside the second, one more click in another tab pays twice.

    How to fix:
        After a decline the PaymentIntent is back in ``requires_payment_method``: hand out the same client secret again.
        Where there must be a new PaymentIntent, cancel the old one first. Set the order to failed, not to closed.
        Per framework: docs/fixes/idempotency.md.
    """

    id = "failed-payment-retryable"
    task = "5.4"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/paymentintents/lifecycle", "docs.stripe.com/declines")
    max_requests = 60
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Decline, ask again, pay, and try to pay what was offered first."""
        retried = await trials.try_again(ctx)
        if retried.answer.status == 429:
            ctx.inconclusive("a second try was answered 429", supply="a higher rate limit for the audit")
        if retried.order is None:
            yield await trials.unrecorded(ctx, "After a decline there is no order to try again.")
            return
        if not retried.answer.is_success and retried.role == "create_payment" and retried.is_paid:
            ctx.note("the same order is refused after a decline; its first PaymentIntent could still be paid")
        if wrong := assess(retried):
            severity, title, detail = wrong
            state = ctx.evidence("the order in the end", data=retried.order.summary)
            seen = ctx.evidence("the answer to the second try", retried.answer)
            label = ctx.target.route(retried.role).label
            yield ctx.finding(title, detail, seen, state, severity=severity, route=label)


def assess(retried: trials.Retried) -> tuple[Severity, str, str] | None:
    """What is wrong with a second try: severity, title, detail."""
    order, status = retried.order, retried.answer.status
    if retried.charged > 1:
        detail = f"After a decline {retried.charged} PaymentIntents of one order could be paid, and the money was kept."
        return Severity.CRITICAL, "A second try can charge twice", detail
    if not retried.answer.is_success and (retried.role == "pay_retry" or not retried.is_paid):
        first = "the first PaymentIntent still can be" if retried.is_paid else "nor can the first PaymentIntent be paid"
        detail = f"{retried.role} answers {status} to a second try after a decline; {first}."
        severity = Severity.MEDIUM if retried.is_paid else Severity.HIGH
        return severity, "A second try is refused", detail
    if not retried.is_paid:
        detail = f"{retried.role} answers {status}, and the PaymentIntent in the answer takes no good card."
        return Severity.HIGH, "What a second try offers cannot be paid", detail
    if order is None or not order.is_paid:
        state = order.raw_state if order else "not found"
        detail = f"After a decline the customer paid with another card, and the order is {state!r}."
        return Severity.HIGH, "A payment after a decline is not recorded", detail
    return None
