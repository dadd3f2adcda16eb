"""The target's record against Stripe's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from stripe_audit import Check, Context, Effect, Finding, Order, OrderState, Severity, Uses, money, trials

SHARES = ("nothing", "a part", "all")
GONE = (OrderState.DISPUTED, OrderState.REFUNDED, OrderState.CANCELED, OrderState.FAILED)
"""States that tell that the money of a lost dispute is gone."""
LESS = "Stripe has money that the record does not show"
MORE = "The record shows money that Stripe does not have"


class LedgerReconciles(Check):
    """The target's record of its payments adds up to what Stripe has, both ways.

    What it checks:
        Takes payments to all their ends (paid, declined, never tried, canceled, refunded in part and in full, a lost
        dispute; captured in part and paid on Stripe's page, where these are declared), in the declared currencies
        by turns, and compares what each order says with what Stripe has kept: all of the money, a part or nothing; and
        amount, currency and PaymentIntent where the observer shows them. Then the other way: a PaymentIntent that has
        money for the sake of these orders, and that none of them knows.

    Why it matters:
        Money at Stripe that the record does not show is a customer unserved; money in the record that Stripe does not
        have is revenue that never was. Both grow unseen until the year's end.

    How to fix:
        Follow ``payment_intent.succeeded`` (its ``amount_received``), ``payment_intent.payment_failed``,
        ``payment_intent.canceled``, ``charge.refunded`` (its ``amount_refunded``, not just that there was one) and
        ``charge.dispute.closed``. Compare both sides every night, and mend by reading from Stripe what an event has
        missed.
    """

    id = "ledger-reconciles"
    task = "6.3"
    severity = Severity.HIGH
    needs = ("route:create_payment", "items", "stripe", "observer:order")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/refunds", "docs.stripe.com/disputes", "docs.stripe.com/reports/reconciliation")
    max_requests = 220
    max_objects = 9

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Take payments to their ends, and compare the books."""
        declared = [state for state in OrderState if ctx.orders.declares(state)]
        books = await trials.keep_books(ctx, lambda entry: not assess(entry, declared))
        if all(entry.order is None for entry in books.entries):
            yield await trials.unrecorded(ctx, "The two books cannot be compared.", otherwise="no order is found")
            return
        for missing in books.left_out:
            ctx.note(f"not looked at: {missing}")
        label = ctx.target.route("create_payment").label
        amounts = [(e.order.amount or 0, e.intent["amount"], e.intent["currency"]) for e in books.entries if e.order]
        if money.differ_by_unit(amounts):
            ctx.inconclusive(
                "every recorded amount is Stripe's in the other unit", supply="observers.order.amount_unit"
            )
        for entry in books.entries:
            for identity, title, detail in assess(entry, declared):
                data = {"record": entry.order and entry.order.summary, "kept at Stripe": entry.kept}
                seen = ctx.evidence(f"after {entry.title}: {entry.intent['id']} is {entry.intent['status']}", data=data)
                yield ctx.finding(title, detail, seen, route=label, discriminator=f"{entry.id} {identity}")
        for stray in books.strays:
            kept = f"{trials.money_kept(stray)} {stray['currency']}"
            seen = ctx.evidence(f"{stray['id']} is {stray['status']}", data={"metadata": stray.get("metadata")})
            detail = f"A PaymentIntent that the target made beside those of its orders has brought in {kept}."
            yield ctx.finding(LESS, detail, seen, route=label, discriminator="stray")


def share_at_stripe(entry: trials.Booked) -> str:
    """How much of the money that came in Stripe has kept."""
    received = entry.intent["amount_received"]
    return "nothing" if entry.kept <= 0 else "all" if entry.kept >= received else "a part"


def share_in_record(order: Order | None) -> str:
    """How much of its money an order says there is."""
    if order is None:
        return "nothing"
    return {OrderState.PAID: "all", OrderState.DISPUTED: "all", OrderState.PARTIALLY_REFUNDED: "a part"}.get(
        order.state, "nothing"
    )


def assess(entry: trials.Booked, declared: Collection[OrderState]) -> list[tuple[str, str, str]]:
    """Where the two books differ: a short name, a title, a detail."""
    order, intent, wrong = entry.order, entry.intent, []
    ours, theirs = share_in_record(order), share_at_stripe(entry)
    has_no_word = theirs == "a part" and ours == "all" and OrderState.PARTIALLY_REFUNDED not in declared
    if entry.is_charged_back and order is not None:
        has_no_word = order.state in GONE or not set(GONE[:2]) & set(declared)
    if ours != theirs and not has_no_word:
        state = repr(order.raw_state) if order else "not found"
        detail = f"After {entry.title} the order is {state}: {ours} of the money, while Stripe has {theirs} of it."
        wrong.append(("money", MORE if SHARES.index(ours) > SHARES.index(theirs) else LESS, detail))
    received = intent["amount_received"] or intent["amount"]
    right_ones = {  # of a refunded order some show what is left
        "amount": [received, entry.kept],
        "currency": [intent["currency"]],
        "payment_intent": [intent["id"]],
    }
    for name, right in right_ones.items():
        recorded = getattr(order, name, None)
        if recorded is not None and recorded not in right:
            detail = f"After {entry.title}, {name} is {recorded} in the record and {right[0]} at Stripe."
            wrong.append((name, "The record of a payment differs from Stripe's", detail))
    return wrong
