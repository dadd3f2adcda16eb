"""What the lines of a quote come to: at its acceptance, and with every period after (docs.stripe.com/quotes/overview).

Discounts and taxes are those of an invoice; a discount that is for one invoice counts for both sums here.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.resources.billing.lines import pricing_of
from stripe_audit.emulator.resources.billing.pricing import amount_of
from stripe_audit.emulator.resources.billing.totals import Entry, settle
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["QuoteLine", "fill_in"]

QuoteLine = tuple[Obj, list[Obj], list[str]]
"""An item with its tax rates and the ids of its discounts."""


def fill_in(world: World, quote: Obj, lines: list[QuoteLine], exempt: str | None) -> None:
    """Set the amounts of the quote's items and of the quote."""
    upfront, entries = _sum(world, quote, lines, exempt)
    for (item, _, _), entry in zip(lines, entries, strict=True):
        taken = sum(part["amount"] for part in entry.line["discount_amounts"])
        taxes = entry.line["taxes"]
        added = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
        item.update(
            amount_discount=taken,
            amount_subtotal=entry.line["amount"],
            amount_tax=sum(tax["amount"] for tax in taxes),
            amount_total=entry.line["amount"] - taken + added,
        )
    quote.update(
        amount_subtotal=upfront["amount_subtotal"],
        amount_total=upfront["amount_total"],
        computed={"recurring": _recurring(world, quote, lines, exempt), "upfront": upfront},
        total_details=dict(upfront["total_details"]),
    )


def _recurring(world: World, quote: Obj, lines: list[QuoteLine], exempt: str | None) -> dict[str, Any] | None:
    lasting = [line for line in lines if line[0]["price"]["recurring"]]
    if not lasting:
        return None
    total, _ = _sum(world, quote, lasting, exempt)
    recurring = lasting[0][0]["price"]["recurring"]
    return {**total, "interval": recurring["interval"], "interval_count": recurring["interval_count"]}


def _sum(world: World, quote: Obj, lines: list[QuoteLine], exempt: str | None) -> tuple[dict[str, Any], list[Entry]]:
    entries = [
        Entry(
            {
                "amount": amount_of(item["price"], item["quantity"] or 0),
                "discountable": True,
                "discounts": discounts,
                "pricing": pricing_of(item["price"]),
            },
            rates or quote["default_tax_rates"],
        )
        for item, rates, discounts in lines
    ]
    bill: Obj = {"amount_paid": 0, "customer_tax_exempt": exempt, "discounts": quote["discounts"]}
    settle(world, bill, entries, 0)
    return {
        "amount_subtotal": bill["subtotal"],
        "amount_total": bill["total"],
        "total_details": {
            "amount_discount": sum(part["amount"] for part in bill["total_discount_amounts"]),
            "amount_shipping": 0,
            "amount_tax": sum(tax["amount"] for tax in bill["total_taxes"]),
        },
    }, entries
