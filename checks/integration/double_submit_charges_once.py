"""The same order, submitted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials

LACKING = {
    "two-tabs": "no route for another try is declared",
    "lost-answer": "PaymentIntents name neither order nor e-mail address",
}
SHOWN = ("id", "amount", "currency", "status")


class DoubleSubmitChargesOnce(Check):
    """An order that is submitted twice is charged once.

    What it checks:
        Submits orders again: one after the other, at the same moment, in two tabs (one submits, the other tries again),
        after an answer that was lost on its way from Stripe, and after the order was paid, before and after its webhook
        event. Whatever the target then offers to be
        paid is paid. Two PaymentIntents are no double charge; two that took money and kept it are.

    Why it matters:
        Customers click twice, reload, and lose their connection. A second charge is the complaint that costs most.

    How to fix:
        One PaymentIntent per order: find the open one again, and create it with an idempotency key made of the order
        and the attempt, not a random one, which only protects the SDK's own retries. Refuse a new payment for an order
        that is paid, by Stripe's word and not by the webhook's that may be late.
    """

    id = "double-submit-charges-once"
    task = "6.4"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.FAULT
    uses = Uses(alone=("faults",))
    references = ("docs.stripe.com/api/idempotent_requests", "docs.stripe.com/payments/payment-intents#best-practices")
    max_requests = 16
    max_objects = 7

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Each way of submitting twice; pay what is offered, and count."""
        if not trials.takes(ctx, "create_payment", "order"):
            ctx.inconclusive("two submissions cannot be of one order", supply="target.routes.create_payment.body.order")
        tried = await trials.together(trials.submit_again(ctx, name) for name in trials.SUBMISSIONS)
        for one in tried:
            if not one.is_tried:
                ctx.note(f"not tried: an order {one.title}; {LACKING[one.id]}")
            elif not one.charged:
                ctx.note(f"an order {one.title} could not be paid at all")
            elif wrong := assess(one):
                data = {"charged": [{name: intent[name] for name in SHOWN} for intent in one.charged]}
                seen = ctx.evidence(f"an order {one.title}", data=data)
                label = ctx.target.route("create_payment").label
                yield ctx.finding(*wrong, seen, route=label, discriminator=one.id)
        if not any(one.charged for one in tried):
            ctx.inconclusive("no order could be paid", supply="target.routes.create_payment, target.items")


def assess(tried: trials.Submitted) -> tuple[str, str] | None:
    """What is wrong with an order that was submitted more than once: title and detail."""
    if len(tried.charged) < 2:
        return None
    amounts = " and ".join(f"{trials.money_kept(one)} {one['currency']}" for one in tried.charged)
    detail = f"An order {tried.title} was charged {len(tried.charged)} times: {amounts} (minor units)."
    return "An order is charged twice", detail
