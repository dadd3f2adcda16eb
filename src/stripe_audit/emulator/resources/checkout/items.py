"""The line items of a Checkout Session or a payment link, and what they add up to.

Source: docs.stripe.com/api/checkout/sessions/line_items, docs.stripe.com/payments/checkout/discounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources.billing.coupons import is_redeemable
from stripe_audit.emulator.resources.billing.pricing import amount_of, price_given, rounded
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["Discount", "begin_free", "check_mode", "discount_given", "made", "take_off", "totals"]

MOST = 100
"""docs.stripe.com/api/checkout/sessions/create: at most 100 line items."""


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon to be redeemed when the session completes, and the promotion code that it came by."""

    coupon: Obj
    code: Obj | None = None

    def shown(self) -> dict[str, Any]:
        return {"coupon": self.coupon["id"], "promotion_code": self.code["id"] if self.code else None}


def made(call: Call, given: list[dict[str, Any]], param: str = "line_items") -> list[Obj]:
    """New line items, not kept yet. Raises ApiError 400 for prices and quantities that cannot be."""
    if len(given) > MOST:
        raise invalid(f"You can only pass up to {MOST} line items.", param)
    for index, one in enumerate(given):
        _check(one, f"{param}[{index}]")
    items = [_item(call, one, f"{param}[{index}]") for index, one in enumerate(given)]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid(f"All prices must be of the same currency; these are of {', '.join(sorted(currencies))}.", param)
    return items


def check_mode(items: list[Obj], mode: str) -> None:
    """Raise ApiError 400 where the prices do not fit the mode."""
    has_recurring = any(item["price"]["type"] == "recurring" for item in items)
    if mode == "payment" and has_recurring:
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            "line_items",
        )
    if mode == "subscription" and not has_recurring:
        raise invalid("You must provide at least one recurring price in `subscription` mode.", "line_items")


def discount_given(call: Call, given: list[dict[str, Any]] | None, currency: str | None) -> Discount | None:
    """The discount that the parameters name. Raises ApiError 400 for one that cannot be redeemed."""
    if not given:
        return None
    if len(given) > 1:
        raise invalid("You can only specify one discount.", "discounts")
    world, one, param = call.world, given[0], "discounts[0]"
    code = None
    identity = one.get("coupon")
    if one.get("promotion_code"):
        code = world.find("promotion_code", one["promotion_code"], f"{param}[promotion_code]")
        if not code["active"]:
            raise invalid("This promotion code is inactive or can no longer be redeemed.", f"{param}[promotion_code]")
        identity = code["promotion"]["coupon"]
    if not identity:
        raise invalid("Each discount needs a `coupon` or a `promotion_code`.", param)
    coupon = world.find("coupon", identity, f"{param}[coupon]")
    if not is_redeemable(world, coupon):
        raise invalid(f"Coupon expired: {identity}", f"{param}[coupon]", "coupon_expired")
    if coupon["currency"] not in (None, currency):
        raise invalid(f"The coupon {identity} takes off {coupon['currency']}, not {currency}.", f"{param}[coupon]")
    return Discount(coupon, code)


def begin_free(items: list[Obj]) -> None:
    """A trial: what recurs costs nothing today."""
    for item in items:
        if item["price"]["type"] == "recurring":
            item["amount_subtotal"] = 0
            _tax(item)


def take_off(items: list[Obj], discount: Discount | None) -> None:
    """Share a discount out over the items, each by its part of the sum; the last takes what rounding leaves."""
    subtotal = sum(item["amount_subtotal"] for item in items)
    if discount is None or not subtotal:
        return
    percent, fixed = discount.coupon["percent_off"], discount.coupon["amount_off"]
    whole = rounded(Decimal(subtotal) * Decimal(str(percent)) / 100) if percent else min(fixed or 0, subtotal)
    left = whole
    for index, item in enumerate(items):
        part = left if index == len(items) - 1 else rounded(Decimal(whole) * item["amount_subtotal"] / subtotal)
        item["amount_discount"] = min(part, left, item["amount_subtotal"])
        left -= item["amount_discount"]
        _tax(item)


def totals(items: list[Obj], shipping: int = 0) -> dict[str, int]:
    """Subtotal, discount, tax, shipping and total, in minor units."""
    parts = {name: sum(item[f"amount_{name}"] for item in items) for name in ("subtotal", "discount", "tax", "total")}
    return {**parts, "shipping": shipping, "total": parts["total"] + shipping}


def _check(one: dict[str, Any], param: str) -> None:
    if not one.get("price") and not one.get("price_data"):
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    if one.get("price") and one.get("price_data"):
        raise invalid("You may only specify one of these parameters: price, price_data.", f"{param}[price]")
    quantity = one.get("quantity")
    if quantity is not None and quantity < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", f"{param}[quantity]", "parameter_invalid_integer"
        )


def _item(call: Call, one: dict[str, Any], param: str) -> Obj:
    world = call.world
    price = price_given(call, one, param)
    if price is None:  # _check let none pass
        raise invalid("Missing required param: price.", param, "parameter_missing")
    is_metered = (price["recurring"] or {}).get("usage_type") == "metered"
    quantity = one.get("quantity")
    if quantity is None and not is_metered:
        raise invalid(f"Missing required param: {param}[quantity].", f"{param}[quantity]", "parameter_missing")
    amount = 0 if is_metered else amount_of(price, quantity)
    product = world.store.by_id.get(price["product"], {})
    rates = [
        world.find("tax_rate", rate, f"{param}[tax_rates][{index}]")
        for index, rate in enumerate(one.get("tax_rates") or [])
    ]
    adjustable = one.get("adjustable_quantity")
    item = blank(
        "item",
        id=world.ids.new("li"),
        object="item",
        adjustable_quantity={"maximum": 99, "minimum": 0, **adjustable} if adjustable else None,
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency=price["currency"],
        description=product.get("name"),
        discounts=[],
        metadata=dict(one.get("metadata") or {}),
        price=snapshot(price),
        quantity=quantity,
        taxes=[{"amount": 0, "rate": snapshot(rate), "taxability_reason": None} for rate in rates],
    )
    _tax(item)
    return item


def _tax(item: Obj) -> None:
    """Compute the item's taxes and total from its subtotal and discount."""
    base = item["amount_subtotal"] - item["amount_discount"]
    inclusive = sum(Decimal(str(tax["rate"]["percentage"])) for tax in item["taxes"] if tax["rate"]["inclusive"])
    net = Decimal(base) / (1 + Decimal(inclusive) / 100)
    added = 0
    for tax in item["taxes"]:
        tax["amount"] = rounded(net * Decimal(str(tax["rate"]["percentage"])) / 100)
        tax["taxable_amount"] = rounded(net)
        added += 0 if tax["rate"]["inclusive"] else tax["amount"]
    item["amount_tax"] = sum(tax["amount"] for tax in item["taxes"])
    item["amount_total"] = base + added
