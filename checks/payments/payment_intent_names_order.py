"""From a PaymentIntent back to the order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from stripe_audit import Check, Context, Effect, Finding, Payment, Severity, Uses, trials

SPEAKING = ("metadata", "description", "transfer_group", "receipt_email", "customer", "statement_descriptor_suffix")
"""What a shop may write into a PaymentIntent, and support, a handler or a ledger may find the order by."""


class PaymentIntentNamesOrder(Check):
    """Each PaymentIntent names its order, and no other's.

    What it checks:
        Makes payments for two orders and reads what the target has written into their PaymentIntents: metadata,
        description, transfer group, receipt address, customer. It must tell the two apart; where one names an order, it
        must be its own.

    Why it matters:
        The webhook event, the refund and the dispute bring the PaymentIntent alone. Where it names no order, whatever
        was lost on our side (a row that was never written, a deploy in between) cannot be found again, and support
        guesses. Where it names another, the money is booked to a stranger.

    How to fix:
        Store the order first, then create the PaymentIntent with ``metadata: {order_id: …}``. With Checkout say so in
        ``payment_intent_data.metadata`` too: a session's own metadata are not copied.
    """

    id = "payment-intent-names-order"
    task = "3.1"
    severity = Severity.MEDIUM
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/metadata", "docs.stripe.com/metadata/use-cases#reconciliation")
    max_requests = 4
    max_objects = 2

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Two payments, and what is written into them."""
        payments = await trials.together(ctx.payments.new() for _ in range(2))
        intents = [await trials.intent_of(ctx, payment) for payment in payments]
        told = [spoken(intent) for intent in intents]
        if wrong := assess(payments, told):
            kind, severity, title, detail = wrong
            seen = [
                ctx.evidence(f"the PaymentIntent of {payment.order}", payment.answer, data=one)
                for payment, one in zip(payments, told, strict=True)
            ]
            route = ctx.target.route("create_payment").label
            yield ctx.finding(title, detail, *seen, severity=severity, route=route, discriminator=kind)
        elif not trials.mentions(told[0], [payments[0].order]):
            ctx.note(f"a PaymentIntent is told by {', '.join(told[0])}, not by the order's number")


def spoken(intent: Mapping[str, Any]) -> dict[str, Any]:
    """What the target has written into a PaymentIntent."""
    return {name: intent[name] for name in SPEAKING if intent.get(name)}


def assess(payments: list[Payment], told: list[dict[str, Any]]) -> tuple[str, Severity, str, str] | None:
    """What is wrong with what two PaymentIntents say: kind, severity, title and detail."""
    for payment, other, own in zip(payments, reversed(payments), told, strict=True):
        if trials.mentions(own, [other.order, other.email]):
            detail = f"The PaymentIntent of {payment.order} names {other.order}."
            return "another", Severity.HIGH, "A PaymentIntent names another order", detail
    if told[0] == told[1]:
        words = ", ".join(told[0]) or "nothing"
        detail = f"The PaymentIntents of two orders say the same ({words}): none can be traced to its order."
        return "none", Severity.LOW, "PaymentIntents do not name their orders", detail
    return None
