"""The catalogue, and what is charged in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from stripe_audit import Check, Context, Effect, Finding, Item, Payment, Severity, Uses, money, trials


class Entry(NamedTuple):
    """A price in the catalogue, in the currency's smallest unit."""

    item: str
    currency: str | None
    amount: int | None


class Pair(NamedTuple):
    """What is shown and what is charged for an item."""

    item: Item
    shown: int | None
    charged: int


class CatalogueServed(Check):
    """The catalogue shows the declared items, each at the price that is charged.

    What it checks:
        Reads the catalogue route, looks for each declared item, orders it once, and compares the price that is shown
        with the amount of the PaymentIntent at Stripe.

    Why it matters:
        A customer who is charged something else than the page said disputes the payment, and is right.

    How to fix:
        Show and charge from the same source: one table of prices, read by both routes. Where pages are cached, drop
        the cache when a price changes.
    """

    id = "catalogue-served"
    task = "3.1"
    severity = Severity.MEDIUM
    needs = ("route:catalogue", "route:create_payment", "items", "stripe")
    effect = Effect.WRITE
    uses = Uses()
    references = ("docs.stripe.com/payments/payment-intents#best-practices",)
    max_requests = 21
    max_objects = 20

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Read the catalogue, order what it shows, compare."""
        route, declared = ctx.target.route("catalogue"), ctx.spec.items[:20]
        answer = await ctx.target.call("catalogue")
        if not answer.is_success:
            ctx.inconclusive(f"the catalogue answered {answer.status}", supply="target.routes.catalogue")
        listed = entries(ctx.target.mapped("catalogue", answer, "items")["items"], route.amount_unit)
        shown = {item: entry for item in declared if (entry := entry_of(item, listed))}
        if listed and not shown:
            ctx.inconclusive("no declared item is in the catalogue", supply="target.routes.catalogue.response.items")
        if missing := [f"{item.id} ({item.currency})" for item in declared if item not in shown]:
            entries_seen = ctx.evidence(f"{len(listed)} entries", answer)
            detail = f"{', '.join(missing)} can be bought, but {route.label} does not show it."
            yield ctx.finding(
                "An item is not in the catalogue", detail, entries_seen, route=route.label, discriminator="missing"
            )
        ordered = await asyncio.gather(*(ctx.payments.new(item=item) for item in shown), return_exceptions=True)
        payments = {one.item: one for one in ordered if isinstance(one, Payment)}
        intents = [await trials.intent_of(ctx, payment) for payment in payments.values()]
        pairs = [Pair(item, shown[item].amount, one["amount"]) for item, one in zip(payments, intents, strict=True)]
        if not is_readable(pairs):
            supply = "target.routes.catalogue.amount_unit, target.routes.catalogue.response.items[].price"
            ctx.inconclusive("the catalogue's prices cannot be read as amounts", supply=supply)
        for pair in pairs:
            if pair.shown != pair.charged:
                name = f"{pair.item.id} {pair.item.currency}"
                detail = f"{name}: the catalogue shows {pair.shown}, Stripe is to charge {pair.charged} (minor units)."
                seen = [
                    ctx.evidence("what is shown", answer),
                    ctx.evidence("what was ordered", payments[pair.item].answer),
                ]
                title, severity = "Another price is charged than shown", Severity.HIGH
                yield ctx.finding(title, detail, *seen, severity=severity, route=route.label, discriminator=name)
        for failure in ordered:
            if isinstance(failure, BaseException):
                raise failure


def entries(items: Any, unit: str) -> list[Entry]:
    """The catalogue's entries, in our words."""
    members = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    return [entry(member, str(member.get("currency") or "").lower() or None, unit) for member in members]


def entry(member: Mapping[str, Any], currency: str | None, unit: str) -> Entry:
    """One entry; without an amount where its price is none."""
    try:
        price = Decimal(str(member.get("price")))
        amount = (
            money.to_minor(price, currency or "usd") if unit == "major" else int(price) if price == int(price) else None
        )
    except (ArithmeticError, ValueError):
        amount = None
    return Entry(str(member.get("id")), currency, amount)


def is_readable(pairs: Sequence[Pair]) -> bool:
    """Whether all prices are amounts, and are not simply all in the other unit (19.99 for 1999, or the reverse)."""
    if any(pair.shown is None for pair in pairs):
        return False
    return not money.differ_by_unit((pair.shown or 0, pair.charged, pair.item.currency) for pair in pairs)


def entry_of(item: Item, listed: Iterable[Entry]) -> Entry | None:
    """The entry of a declared item, in its currency where the catalogue names currencies."""
    return next((one for one in listed if one.item == item.id and one.currency in (None, item.currency)), None)
