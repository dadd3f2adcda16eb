"""Prices that the customer names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Item, Severity, Uses, money, trials

TITLES = {
    "amount": "The customer names the price",
    "currency": "The customer names the currency of a price that stays the same number",
}
"""What can be wrong, by kind."""


class Terms(NamedTuple):
    """What the target charges when it is asked as declared, in minor units."""

    amount: int
    currency: str


class PaymentAmountNotTrusted(Check):
    """What is charged is the catalogue's price, whatever the request says.

    What it checks:
        Orders an article as declared, then for the same price again with sums of the customer's own: half the amount
        under the usual names (amount, price, unit_amount, total), a discount, a negative discount, negative shipping,
        tax and tips, another currency, and half of the declared amount where the request carries one. What Stripe was
        asked for must stay the same; a refusal is as good.

    Why it matters:
        Requests come from the customer's browser, where anyone can change them: whoever names the price buys for a
        cent. The webhook then says that the payment succeeded, which is true.

    How to fix:
        Take from the request what is bought and how many, look the price up on the server, and compute discounts,
        shipping and tax there too. Ignore or refuse sums in the request. When the payment succeeds, compare amount and
        currency with the order before it is fulfilled.
    """

    id = "payment-amount-not-trusted"
    task = "4.1"
    severity = Severity.CRITICAL
    needs = ("route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/accept-a-payment", "PCI DSS 6.2.4", "OWASP API3:2023", "CWE-602")
    max_requests = 20
    max_objects = 10

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Order as declared, then with sums of the customer's own."""
        if not trials.takes(ctx, "create_payment", "item", "order"):
            ctx.inconclusive(
                "the declared request names neither an article nor an order, so no price can be known to the target",
                supply="{item} or {order} in target.routes.create_payment.body",
            )
        payment = await ctx.payments.new()
        intent = await trials.intent_of(ctx, payment)
        due = Terms(intent["amount"], intent["currency"])
        sold = [item for item in ctx.spec.items if item.id == payment.item.id]
        requests = trials.requests_with_own_price(ctx, due.amount, due.currency)
        altered = await trials.request_altered(ctx, requests, effect=Effect.WRITE)
        label = ctx.target.route("create_payment").label
        for kind, title in TITLES.items():
            if believed := [one for one in altered if assess(one, due, sold) == kind]:
                told = [f"with {one.change.title}: {', '.join(map(shown, one.asked))}" for one in believed]
                seen = [ctx.evidence(text, one.answer) for text, one in zip(told, believed, strict=True)]
                detail = f"The price is {due.amount} {due.currency}; Stripe was asked for, {'; '.join(told)}."
                yield ctx.finding(title, detail, *seen, route=label, discriminator=kind)


def shown(asked: trials.Asked) -> str:
    """What Stripe was asked for, in words."""
    return f"{asked.amount} {asked.currency}" + ("" if asked.is_made else " (Stripe refused)")


def assess(one: trials.Altered, due: Terms, sold: Iterable[Item]) -> str:
    """The kind of TITLES where the customer's word was taken, else empty. ``sold`` is the article in each currency."""
    prices = {(money.to_minor(item.price, item.currency), item.currency) for item in sold}
    for asked in one.asked:
        if asked.currency == due.currency and asked.amount != due.amount:
            return "amount"
        same_number = (due.amount, round(money.from_minor(due.amount, due.currency)))
        is_sold = (asked.amount, asked.currency) in prices
        if asked.currency != due.currency and asked.amount in same_number and not is_sold:
            return "currency"
    return ""
