"""What a quantity of a price costs, and the prices that calls name or describe.

Source: docs.stripe.com/products-prices/pricing-models (tiers, packages), docs.stripe.com/api/prices/object.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources import catalogue
from stripe_audit.emulator.schema import check_params
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["amount_of", "price_given", "rounded", "spoken_price", "unit_amount_of"]


_EXACT = Context(prec=100)
"""More digits than a product of two parameters can have."""


def rounded(amount: Decimal) -> int:
    """To whole minor units; a half goes away from zero."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP, _EXACT))


def amount_of(price: Obj, quantity: Decimal | int | None) -> int:
    """What this much of a price costs, in minor units: by unit, by package or by tier."""
    count = Decimal(1 if quantity is None else quantity)
    package = price["transform_quantity"]
    if package:
        parts = count / package["divide_by"]
        count = parts.to_integral_value("ROUND_CEILING" if package["round"] == "up" else "ROUND_FLOOR")
    if price["billing_scheme"] == "tiered":
        return rounded(_tiered(price, count))
    return rounded(_EXACT.multiply(unit_amount_of(price), count))


def unit_amount_of(price: Obj) -> Decimal:
    """The exact price of one, in minor units; 0 for tiers, which have none."""
    return Decimal(price["unit_amount_decimal"] or 0)


def _tiered(price: Obj, count: Decimal) -> Decimal:
    total, below = Decimal(0), Decimal(0)
    for tier in price["tiers"]:
        top = None if tier["up_to"] is None else Decimal(tier["up_to"])
        is_last = top is None or count <= top
        if price["tiers_mode"] == "volume":
            if is_last:
                return _of_tier(tier, count)
            continue
        reached = count if top is None or is_last else top
        total = _EXACT.add(total, _of_tier(tier, reached - below))
        below = reached
        if is_last:
            break
    return total


def _of_tier(tier: dict[str, Any], count: Decimal) -> Decimal:
    of_units = _EXACT.multiply(Decimal(tier["unit_amount_decimal"] or 0), count)
    return _EXACT.add(of_units, Decimal(tier["flat_amount_decimal"] or 0))


def price_given(call: Call, given: dict[str, Any], param: str, *, is_recurring: bool | None = None) -> Obj | None:
    """The price that ``price``, ``plan`` or ``price_data`` stand for; None if none of them is given.

    A whole price instead of an id is taken as it is: quotes and schedules keep prices that are for them alone.

    Raises ApiError 400 for unknown and inactive prices, and where ``is_recurring`` says otherwise than the price.
    """
    identity = given.get("price") or given.get("plan")
    if isinstance(identity, dict):
        price, name = identity, _inside(param, "price")
    elif identity:
        name = _inside(param, "price" if given.get("price") else "plan")
        price = call.world.find("price", identity, name)
        if not price["active"]:
            raise invalid("The price specified is inactive. This field only accepts active prices.", name)
    elif given.get("price_data"):
        name = _inside(param, "price_data")
        price = _described(call, given["price_data"], name)
    else:
        return None
    if is_recurring is not None and is_recurring != (price["type"] == "recurring"):
        wanted = "recurring" if is_recurring else "one_time"
        raise invalid(
            f"The price specified is set to `type={price['type']}` but this field only accepts prices with "
            f"`type={wanted}`.",
            name,
        )
    return price


def _described(call: Call, given: Any, param: str) -> Obj:
    data = _typed(call, given, param)
    catalogue.check_price(data)
    product = data.get("product")
    if product:
        call.world.find("product", product, _inside(param, "product"))
    elif data.get("product_data"):
        product = catalogue.new_product(call, data["product_data"])["id"]
    else:
        raise invalid(f"Missing required param: {param}[product].", f"{param}[product]", "parameter_missing")
    price = catalogue.new_price(call, {**data, "product": product, "active": False})  # not for reuse
    call.world.emit("price.created", price, call)
    return price


def _typed(call: Call, given: Any, param: str) -> dict[str, Any]:
    """``price_data`` with every member checked: deep inside other parameters the schemas take it as it comes."""
    if not isinstance(given, dict):
        raise invalid("Invalid object", param)
    apart = {name: given[name] for name in ("product_data",) if isinstance(given.get(name), dict)}
    rest = {name: value for name, value in given.items() if name not in apart and value is not None}
    schema = "subscription_item_create" if "recurring" in rest else "invoice_item_create"
    wanted = {"product": "-", **_untyped(rest)}
    checked = check_params(schema, {"price_data": wanted, "subscription": "-"}, call.version)["price_data"]
    return {**checked, **apart, "product": given.get("product")}


def _untyped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _untyped(item) for name, item in value.items()}
    return value if isinstance(value, (str, list)) else str(value)


def _inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def spoken_price(price: Obj) -> str:
    """``(at $15.00 / month)``, as in the descriptions of lines."""
    amount = catalogue.spoken_amount(price)
    if not price["recurring"]:
        return f"(at {amount})"
    count, interval = price["recurring"]["interval_count"], price["recurring"]["interval"]
    return f"(at {amount} / {interval if count == 1 else f'every {count} {interval}s'})"
