"""What an invoice's lines come to: discounts, taxes, and what is due.

Discounts are taken off in their order: those of a line, then those of the invoice. A percentage is taken of the sum of
the lines that it applies to, rounded to whole minor units (a half goes up), and spread over them by their share. Taxes
are computed and rounded line by line after discounts; a rate that is inclusive is taken out of the amount.

Source: docs.stripe.com/billing/taxes/tax-rates, docs.stripe.com/billing/subscriptions/coupons. Stripe does not say
how it spreads a remainder of one minor unit; here it goes to the line with the largest fraction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stripe_audit.emulator.resources.billing.discounts import coupon_behind
from stripe_audit.emulator.resources.billing.pricing import rounded
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["Entry", "settle", "share_out", "taxes_of"]

_UNTAXED = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


@dataclass(slots=True)
class Entry:
    """A line with the tax rates that hold for it."""

    line: Obj
    rates: list[Obj]


def settle(world: World, invoice: Obj, entries: list[Entry], balance: int) -> None:
    """Fill in the lines' and the invoice's amounts. ``balance`` is the customer's: negative where they have credit."""
    left = [entry.line["amount"] for entry in entries]
    for entry in entries:
        entry.line["discount_amounts"] = []
    for index, entry in enumerate(entries):
        for identity in entry.line["discounts"]:
            _take_off(world, identity, entries, left, [index])
    for identity in invoice["discounts"]:
        fitting = [index for index, entry in enumerate(entries) if _applies(world, identity, entry.line)]
        _take_off(world, identity, entries, left, fitting)
    for entry, amount in zip(entries, left, strict=True):
        entry.line["taxes"] = list(taxes_of(entry.rates, amount, invoice["customer_tax_exempt"]))
    _sum_up(invoice, [entry.line for entry in entries], balance)


def share_out(amount: int, weights: list[int]) -> list[int]:
    """Split a whole amount by weights; the parts add up to it. Weights are not negative."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda index: -(amount * weights[index] % total))
    for index in by_fraction[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def _applies(world: World, identity: str, line: Obj) -> bool:
    only = coupon_behind(world, identity)["applies_to"]
    product = ((line["pricing"] or {}).get("price_details") or {}).get("product")
    return line["discountable"] and (not only or not only.get("products") or product in only["products"])


def _take_off(world: World, identity: str, entries: list[Entry], left: list[int], indices: list[int]) -> None:
    coupon = coupon_behind(world, identity)
    weights = [max(0, left[index]) for index in indices]
    base = sum(weights)
    off = coupon["amount_off"]
    if off is None:
        off = rounded(Decimal(base) * Decimal(str(coupon["percent_off"])) / 100)
    for index, part in zip(indices, share_out(min(off, base), weights), strict=True):
        left[index] -= part
        entries[index].line["discount_amounts"].append({"amount": part, "discount": identity})


def taxes_of(rates: list[Obj], amount: int, exempt: str | None) -> Iterable[dict[str, Any]]:
    """The tax of each rate on an amount after discounts."""
    inclusive = sum((_percentage(rate) for rate in rates if rate["inclusive"]), Decimal(0))
    without = Decimal(amount) * 100 / (100 + inclusive)
    untaxed = _UNTAXED.get(exempt or "none")
    for rate in rates:
        tax = 0 if untaxed else rounded(without * _percentage(rate) / 100)
        yield {
            "amount": tax,
            "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
            "tax_rate_details": {"tax_rate": rate["id"]},
            "taxability_reason": untaxed or "not_available",
            "taxable_amount": rounded(without),
            "type": "tax_rate_details",
        }


def _percentage(rate: Obj) -> Decimal:
    return Decimal(str(rate["percentage"]))


def _sum_up(invoice: Obj, lines: list[Obj], balance: int) -> None:
    discounts: dict[str, int] = {}
    taxes: dict[tuple[str, str, str], dict[str, Any]] = {}
    for line in lines:
        line["subtotal"] = line["amount"]
        line["pretax_credit_amounts"] = [{**part, "type": "discount"} for part in line["discount_amounts"]]
        for part in line["discount_amounts"]:
            discounts[part["discount"]] = discounts.get(part["discount"], 0) + part["amount"]
        for tax in line["taxes"]:
            key = (tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"], tax["taxability_reason"])
            known = taxes.setdefault(key, {**tax, "amount": 0, "taxable_amount": 0})
            known["amount"] += tax["amount"]
            known["taxable_amount"] += tax["taxable_amount"]
    subtotal = sum(line["amount"] for line in lines)
    added = sum(tax["amount"] for tax in taxes.values() if tax["tax_behavior"] == "exclusive")
    included = sum(tax["amount"] for tax in taxes.values() if tax["tax_behavior"] == "inclusive")
    total = subtotal - sum(discounts.values()) + added
    due = max(0, total + balance)
    invoice.update(
        amount_due=due,
        amount_remaining=due - invoice["amount_paid"],
        starting_balance=balance,
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - included,
        total=total,
        total_discount_amounts=[{"amount": amount, "discount": key} for key, amount in discounts.items()],
        total_excluding_tax=total - added - included,
        total_pretax_credit_amounts=[
            {"amount": amount, "discount": key, "type": "discount"} for key, amount in discounts.items()
        ],
        total_taxes=list(taxes.values()),
    )
