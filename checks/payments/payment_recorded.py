"""The target's record of a payment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Item, Order, Severity, Uses, money, trials


class Record(NamedTuple):
    """An order, and the PaymentIntent at Stripe that paid it."""

    order: Order
    intent: Mapping[str, Any]


class PaymentRecorded(Check):
    """What the target records of a payment is what Stripe has: state, amount, currency and PaymentIntent.

    What it checks:
        Pays one order in each currency of the declared items (the first six), waits until it is paid, and compares
        each field that the observer shows with the PaymentIntent at Stripe.

    Why it matters:
        Refunds, invoices and the books are made from the record. A constant currency or a wrong factor goes unnoticed
        as long as everybody pays in dollars.

    How to fix:
        Write amount, currency and PaymentIntent id from the PaymentIntent itself, in the smallest unit, in the same
        transaction that sets the order to paid; show them through the same conversion that charged them.
    """

    id = "payment-recorded"
    task = "3.4"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/api/payment_intents/object", "docs.stripe.com/currencies")
    max_requests = 120
    max_objects = 6

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Pay in each currency, then read both sides."""
        items = [ctx.payments.item(currency) for currency in dict.fromkeys(item.currency for item in ctx.spec.items)][
            :6
        ]
        records = await asyncio.gather(*(recorded(ctx, item) for item in items), return_exceptions=True)
        found = [record for record in records if isinstance(record, Record)]
        shown = [
            name for name in ("amount", "currency", "payment_intent") if any(getattr(r.order, name) for r in found)
        ]
        ctx.note(f"compared: state{''.join(f', {name}' for name in shown)} in {', '.join(i.currency for i in items)}")
        if money.differ_by_unit((r.order.amount or 0, r.intent["amount"], r.intent["currency"]) for r in found):
            ctx.inconclusive(
                "every recorded amount is Stripe's in the other unit", supply="observers.order.amount_unit"
            )
        for field in ("state", *shown):
            wrong = [(record, told) for record in found if (told := differs(record, field))]
            if wrong:
                seen = [
                    ctx.evidence(f"{r.intent['amount']} {r.intent['currency']}", data=r.order.summary) for r, _ in wrong
                ]
                detail = "; ".join(told for _, told in wrong) + "."
                title = f"The recorded {field.replace('_', ' ')} is not Stripe's"
                label = ctx.target.route("create_payment").label
                yield ctx.finding(title, detail, *seen, route=label, discriminator=field)
        for failure in records:
            if isinstance(failure, BaseException):
                raise failure
        if len(found) < len(records):
            yield await trials.unrecorded(ctx, "The money has no owner.", otherwise="an order is not found")
            return
        if not shown:
            ctx.inconclusive("only the order's state is shown", supply="target.routes.order.response.amount")


async def recorded(ctx: Context, item: Item) -> Record | None:
    """Pay an order, and wait until its record says so; None where there is no record of it."""
    payment = await trials.travel(ctx, "paid", item=item)
    order, _ = await ctx.orders.eventually(payment, lambda order: order.is_paid)
    return Record(order, await trials.intent_of(ctx, payment)) if order else None


def differs(record: Record, field: str) -> str | None:
    """How the order's field differs from Stripe's, in words; None where it does not, or is not shown."""
    order, intent = record.order, record.intent
    ours = {
        "state": order.is_paid,
        "amount": order.amount,
        "currency": order.currency,
        "payment_intent": order.payment_intent,
    }
    theirs = {"state": True, "amount": intent["amount"], "currency": intent["currency"], "payment_intent": intent["id"]}
    if ours[field] is None or ours[field] == theirs[field]:
        return None
    shown = repr(order.raw_state) if field == "state" else ours[field]
    return f"recorded is {shown}, Stripe has {'succeeded' if field == 'state' else theirs[field]}"
