"""An order whose answer never reached the customer."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stripe_audit import Check, Context, Effect, Finding, Severity, Uses, trials


class LostAnswerRecovered(Check):
    """A customer who never saw the answer can send the order again, pay it, and is charged once.

    What it checks:
        Loses the answer to an order: the customer's connection ends while the target waits for Stripe, or Stripe's
        answer does not come back. Then the same order is sent again, as the page does, and where that is refused, the
        route for another try is asked. It must be possible to pay, the order must then be paid and fulfilled, and money
        be taken once.

    Why it matters:
        Phones lose their connection in tunnels. An order that counts as being in progress from then on can never be
        paid; one whose second payment is not known to the shop is paid, and never sent.

    How to fix:
        Store the order first, create the PaymentIntent with an idempotency key made of the order, and store its id. The
        same request again goes the same way and ends the same. A lock needs an end: a time, or the transaction's.
    """

    id = "lost-answer-recovered"
    task = "6.4"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.FAULT
    uses = Uses(shared=("target", "stripe", "deliveries", "faults"))
    references = ("docs.stripe.com/api/idempotent_requests", "docs.stripe.com/error-low-level")
    max_requests = 90
    max_objects = 3

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Lose an answer in both ways, and go on as a customer."""
        if not trials.takes(ctx, "create_payment", "order"):
            ctx.inconclusive("two requests cannot be of one order", supply="target.routes.create_payment.body.order")
        place = await trials.place_in_calls(ctx)
        if place is None:
            ctx.inconclusive("PaymentIntents name neither order nor e-mail address, so none can be told from others")
        seen = await trials.together(trials.send_again(ctx, identity, place) for identity in trials.LOST_ANSWERS)
        for one in seen:
            if wrong := assess(one):
                severity, title, detail = wrong
                data = {"answers": list(one.statuses), "order": one.order.summary if one.order else None}
                evidence = ctx.evidence(f"sent again {one.title}", data=data)
                label = ctx.target.route("create_payment").label
                yield ctx.finding(title, detail, evidence, severity=severity, route=label, discriminator=one.id)


def assess(one: trials.Recovered) -> tuple[Severity, str, str] | None:
    """What is wrong with an order that was sent again: severity, title, detail."""
    answers = ", ".join(str(status or "nothing") for status in one.statuses)
    if not one.is_offered:
        detail = f"Sent again {one.title}, it was answered {answers}; no other way led to a payment."
        return Severity.HIGH, "An order whose answer was lost can never be paid", detail
    if one.charged > 1:
        detail = f"Sent again {one.title}, the order was charged {one.charged} times."
        return Severity.CRITICAL, "A lost answer charges an order twice", detail
    if one.charged and (one.order is None or not one.order.is_paid or one.order.fulfilled == 0):
        state = f"{one.order.raw_state!r}, fulfilled {one.order.fulfilled or 0} times" if one.order else "not found"
        detail = f"Sent again {one.title}, a payment was offered and paid; the order is {state}."
        return Severity.CRITICAL, "A payment that was offered again is not known to the target", detail
    return None
