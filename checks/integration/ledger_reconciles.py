"""The target's record against Stripe's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Order, OrderState, Severity, Uses, money, trials

JOURNEYS = ("paid", "declined", "partially-refunded", "refunded", "canceled")
SHARES = ("nothing", "a part", "all")


class Entry(NamedTuple):
    """A payment in both books: the target's order, and the PaymentIntent at Stripe with its charge."""

    id: str
    title: str
    order: Order | None
    intent: Mapping[str, Any]


class LedgerReconciles(Check):
    """The target's record of its payments adds up to what Stripe has, both ways.

    What it checks:
        Takes payments to different ends (paid, declined, refunded in part and in full, canceled), in the currencies of
        the declared items, and compares for each what the order says with what Stripe has kept: all of the money, a
        part or nothing; and amount, currency and PaymentIntent where the observer shows them.

    Why it matters:
        Money at Stripe that the record does not show is a customer unserved; money in the record that Stripe does not
        have is revenue that never was. Both grow unseen until the year's end.

    How to fix:
        Follow ``payment_intent.succeeded``, ``payment_intent.payment_failed``, ``payment_intent.canceled`` and
        ``charge.refunded`` (its ``amount_refunded``, not just that there was one). Compare both sides every night, and
        mend by reading from Stripe what an event has missed.
    """

    id = "ledger-reconciles"
    task = "6.3"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/refunds", "docs.stripe.com/reports/reconciliation")
    max_requests = 120
    max_objects = 5

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Take payments to their ends, and compare the books."""
        declared = [state for state in OrderState if ctx.orders.declares(state)]
        entries = await trials.together(booked(ctx, place, declared) for place in range(len(JOURNEYS)))
        if all(entry.order is None for entry in entries):
            yield await trials.unrecorded(ctx, "The two books cannot be compared.", otherwise="no order is found")
            return
        amounts = [(e.order.amount or 0, e.intent["amount"], e.intent["currency"]) for e in entries if e.order]
        if money.differ_by_unit(amounts):
            ctx.inconclusive(
                "every recorded amount is Stripe's in the other unit", supply="observers.order.amount_unit"
            )
        for entry in entries:
            for identity, title, detail in assess(entry, declared):
                data = {
                    "record": entry.order and entry.order.summary,
                    "kept at Stripe": trials.money_kept(entry.intent),
                }
                seen = ctx.evidence(f"after {entry.title}: {entry.intent['id']} is {entry.intent['status']}", data=data)
                label = ctx.target.route("create_payment").label
                yield ctx.finding(title, detail, seen, route=label, discriminator=f"{entry.id} {identity}")


async def booked(ctx: Context, place: int, declared: Collection[OrderState]) -> Entry:
    """Take a payment to its end, and read both books once they agree, or when patience is spent."""
    journey, items = trials.JOURNEYS[JOURNEYS[place]], ctx.spec.items
    payment = await trials.travel(ctx, journey.id, item=items[place % len(items)])
    intent = await trials.intent_of(ctx, payment)
    wanted = trials.expected_states(journey.ending, declared)
    order, _ = await ctx.orders.eventually(payment, lambda order: order.state in wanted)
    return Entry(journey.id, journey.title, order, intent)


def share_at_stripe(intent: Mapping[str, Any]) -> str:
    """How much of a payment's money Stripe has kept."""
    kept = trials.money_kept(intent)
    return "nothing" if kept <= 0 else "all" if kept >= intent["amount"] else "a part"


def share_in_record(order: Order | None) -> str:
    """How much of its money an order says there is."""
    if order is None:
        return "nothing"
    return {OrderState.PAID: "all", OrderState.DISPUTED: "all", OrderState.PARTIALLY_REFUNDED: "a part"}.get(
        order.state, "nothing"
    )


def assess(entry: Entry, declared: Collection[OrderState]) -> list[tuple[str, str, str]]:
    """Where the two books differ: a short name, a title, a detail."""
    order, intent, wrong = entry.order, entry.intent, []
    ours, theirs = share_in_record(order), share_at_stripe(intent)
    has_no_word = theirs == "a part" and ours == "all" and OrderState.PARTIALLY_REFUNDED not in declared
    if ours != theirs and not has_no_word:
        state = repr(order.raw_state) if order else "not found"
        detail = f"After {entry.title} the order is {state}: {ours} of the money, while Stripe has {theirs} of it."
        more = SHARES.index(ours) > SHARES.index(theirs)
        title = (
            "The record shows money that Stripe does not have"
            if more
            else "Stripe has money that the record does not show"
        )
        wrong.append(("money", title, detail))
    amounts = [intent["amount"], trials.money_kept(intent)]  # of a refunded order some show what is left
    right_ones = {"amount": amounts, "currency": [intent["currency"]], "payment_intent": [intent["id"]]}
    for name, right in right_ones.items():
        recorded = getattr(order, name, None)
        if recorded is not None and recorded not in right:
            detail = f"After {entry.title}, {name} is {recorded} in the record and {right[0]} at Stripe."
            wrong.append((name, "The record of a payment differs from Stripe's", detail))
    return wrong
