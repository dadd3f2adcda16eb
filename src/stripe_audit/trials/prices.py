"""Requests for a payment in which the customer names a sum or a currency of their own."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_audit.context import Context
from stripe_audit.money import chargeable_step, from_minor
from stripe_audit.trials.alterations import Change, value_in_place, with_members
from stripe_audit.trials.submissions import takes

__all__ = ["requests_with_own_price"]

_SUMS = {
    "amount": ("amount",),
    "price": ("price", "unitPrice", "unit_price"),
    "unit_amount": ("unit_amount", "unitAmount", "amountInCents"),
    "total": ("total", "totalAmount", "subtotal"),
    "discount": ("discount", "discountAmount"),
}
"""Members that requests for payments name sums by, in families: one request is sent for each."""
_CHARGES = ("shipping", "shippingCost", "tax", "tip", "fee")
"""Sums that a customer may raise at most."""
_OTHER_CURRENCY = {"vnd": "usd"}
"""By the currency to be replaced; for every other it is ``vnd``, whose unit is worth so little that the same number is
never the same price."""


def requests_with_own_price(ctx: Context, amount: int, currency: str) -> list[Change]:
    """The ways to name another price than ``amount`` (minor units): half of it, a discount, another currency."""
    step = chargeable_step(currency)
    half = amount // 2 // step * step
    return [*_added(half), *_declared(ctx, half, currency), _in_other_currency(ctx, currency)]


def _added(half: int) -> Iterator[Change]:
    for family, names in _SUMS.items():
        members = dict.fromkeys(names, half)
        yield Change(family, f"{' or '.join(names)} {half}", "amount", with_members(members))
    negative = {"discount-negative": _SUMS["discount"], "charges-negative": _CHARGES}
    for identity, names in negative.items():
        members = dict.fromkeys(names, -half)
        yield Change(identity, f"{' or '.join(names)} -{half}", "amount", with_members(members))


def _declared(ctx: Context, half: int, currency: str) -> Iterator[Change]:
    if takes(ctx, "create_payment", "amount"):
        is_minor = ctx.target.route("create_payment").amount_unit == "minor"
        value = half if is_minor else from_minor(half, currency)
        yield Change("declared", f"{value} as the declared amount", "amount", value_in_place("amount", value))


def _in_other_currency(ctx: Context, currency: str) -> Change:
    other = _OTHER_CURRENCY.get(currency, "vnd")
    is_declared = takes(ctx, "create_payment", "currency")
    alteration = value_in_place("currency", other) if is_declared else with_members({"currency": other})
    return Change("currency", f"currency {other}", "currency", alteration)
