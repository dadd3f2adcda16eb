"""The payment of a cheap order, presented for a dear one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class CheapPaymentNotSwapped(Check):
    """A payment pays for its own order, and for no other.

    What it checks:
        Pays cheap orders, and presents these payments for dear ones: on the return page, in the metadata of a request,
        in a request for another try, in a new order, and by making an order dearer after its payment was offered. Then
        the events of the cheap payments come, and the reconciliation is asked where there is one. No dear order may be
        paid or fulfilled for less than it costs.

    Why it matters:
        A PaymentIntent that succeeded proves that somebody paid something. Whoever asks no more sells everything for
        the price of the cheapest article, and the books show a paid order.

    How to fix:
        Before an order is fulfilled, compare amount and currency of the PaymentIntent with the order's, and take the
        order from what your server has stored for that PaymentIntent, never from the request. When an order changes,
        update its PaymentIntent, or cancel it, in the same step.
    """

    id = "cheap-payment-not-swapped"
    task = "6.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/payment-intents/verifying-status", "CWE-472", "CWE-639", "ASVS 2.3.2")
    max_requests = 160
    max_objects = 2 * len(trials.SWAPS) + 1

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Every way, with orders of its own."""
        bargain = trials.bargain_of(ctx)
        tried = await trials.together(trials.swap(ctx, identity, bargain) for identity in trials.SWAPS)
        wrong = [(one, detail) for one in tried if (detail := assess(one))]
        for one, detail in wrong:
            order = one.order.summary if one.order else None
            seen = ctx.evidence(f"after {one.title}", data={"order": order, "paid at Stripe": one.paid})
            label = ctx.target.route("create_payment").label
            title = "A cheap payment pays for a dear order"
            yield ctx.finding(title, detail, seen, route=label, discriminator=one.id)
        for one in tried:
            if not one.is_tried:
                ctx.note(f"not tried: {one.title}")
        if not wrong and not any(one.cheap and one.cheap.is_paid for one in tried if one.id != "changed-order"):
            ctx.inconclusive("no order is paid, not even one whose payment succeeded", supply="observers.order")


def assess(one: trials.Swapped) -> str:
    """What is wrong with the dear order, in words; empty where nothing is."""
    order = one.order
    if order is None or not (order.is_paid or order.fulfilled):
        return ""
    if one.id == "changed-order" and (order.amount is None or order.amount <= one.paid):
        return ""  # the order stayed as it was, or its payment was raised with it
    costs = f" and costs {order.amount}" if order.amount is not None else ""
    state = f"{order.raw_state!r}, fulfilled {order.fulfilled or 0} times"
    return f"After {one.title}, the dear order is {state}{costs}; {one.paid} was paid (minor units)."
