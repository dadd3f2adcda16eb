"""Products and prices (docs.stripe.com/api/products, docs.stripe.com/api/prices)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of, search
from stripe_audit.emulator.resources.amounts import currency_of, spoken
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "check_price", "new_price", "new_product", "spoken_amount"]

_PRODUCT_FIELDS = (
    "active",
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)
_MOST_INTERVALS = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""docs.stripe.com/api/prices/create: three years at most."""


def create_product(call: Call) -> Obj:
    data = call.params.get("default_price_data")
    if data:
        check_price(data)
    product = new_product(call, call.params)
    call.world.emit("product.created", product, call)
    if data:
        price = new_price(call, {**data, "product": product["id"]})
        product["default_price"] = price["id"]
        call.world.emit("price.created", price, call)
    return product


def update_product(call: Call) -> Obj:
    product = call.world.find("product", call.ids[0])
    if call.params.get("default_price"):
        call.world.find("price", call.params["default_price"], "default_price")
    previous = change(product, call.params, (*_PRODUCT_FIELDS, "default_price"))
    if previous:
        product["updated"] = call.world.clock.seconds()
        call.world.emit("product.updated", product, call, previous=previous)
    return product


def delete_product(call: Call) -> Obj:
    product = call.world.find("product", call.ids[0])
    if any(price["product"] == product["id"] for price in call.world.store.by_kind["price"].values()):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.", "id")
    call.world.store.remove(product)
    call.world.emit("product.deleted", product, call)
    return {"id": product["id"], "object": "product", "deleted": True}


def create_price(call: Call) -> Obj:
    params = call.params
    if bool(params.get("product")) == bool(params.get("product_data")):
        raise invalid("You must specify either `product` or `product_data` when creating a price.", "product")
    if params.get("product"):
        call.world.find("product", params["product"], "product")
    check_price(params)
    product = params.get("product") or new_product(call, params["product_data"])["id"]
    price = new_price(call, {**params, "product": product})
    call.world.emit("price.created", price, call)
    return price


def update_price(call: Call) -> Obj:
    price = call.world.find("price", call.ids[0])
    previous = change(price, call.params, ("active", "lookup_key", "nickname", "tax_behavior"))
    if previous:
        call.world.emit("price.updated", price, call, previous=previous)
    return price


def product(call: Call) -> Obj:
    return call.world.find("product", call.ids[0])


def products(call: Call) -> Obj:
    ids = call.params.get("ids")
    matches = equal_to(call, "active", "shippable", "type", "url")
    return list_of(call, "product", lambda found: (not ids or found["id"] in ids) and matches(found))


def searched_products(call: Call) -> Obj:
    return search(call, "product")


def searched_prices(call: Call) -> Obj:
    return search(call, "price")


def price(call: Call) -> Obj:
    return call.world.find("price", call.ids[0])


def prices(call: Call) -> Obj:
    keys = call.params.get("lookup_keys")
    matches = equal_to(call, "active", "currency", "product", "type")
    return list_of(call, "price", lambda found: (not keys or found["lookup_key"] in keys) and matches(found))


def new_product(call: Call, params: dict[str, Any]) -> Obj:
    """A product of these parameters, kept. Raises ApiError 400 where its id is taken."""
    world = call.world
    identity = params.get("id") or world.ids.new("prod")
    if identity in world.store.by_id:
        raise ApiError(f"Product already exists: {identity}", code="resource_already_exists", param="id")
    now = world.clock.seconds()
    product = blank(
        "product",
        id=identity,
        object="product",
        active=True,
        created=now,
        images=[],
        livemode=False,
        marketing_features=[],
        metadata=merged({}, params.get("metadata") or {}),
        type="service",
        updated=now,
    )
    change(product, {key: value for key, value in params.items() if key != "metadata"}, _PRODUCT_FIELDS)
    return world.store.add(product)


def new_price(call: Call, params: dict[str, Any]) -> Obj:
    """A price of these parameters, which ``check_price`` has let pass, kept."""
    world = call.world
    recurring = params.get("recurring")
    price = blank(
        "price",
        id=params.get("id") or world.ids.new("price"),
        object="price",
        active=params.get("active", True),
        billing_scheme=params.get("billing_scheme") or "per_unit",
        created=world.clock.seconds(),
        currency=currency_of(params),
        livemode=False,
        lookup_key=params.get("lookup_key"),
        metadata=merged({}, params.get("metadata") or {}),
        nickname=params.get("nickname"),
        product=params["product"],
        recurring={"interval_count": 1, "usage_type": "licensed", "meter": None, "trial_period_days": None, **recurring}
        if recurring
        else None,
        tax_behavior=params.get("tax_behavior") or "unspecified",
        tiers=[_tier(tier) for tier in params["tiers"]] if params.get("tiers") else None,
        tiers_mode=params.get("tiers_mode"),
        transform_quantity=params.get("transform_quantity"),
        type="recurring" if recurring else "one_time",
    )
    _set_amount(price, params)
    return world.store.add(price)


def check_price(params: dict[str, Any]) -> None:
    """Raise ApiError 400 for a currency or an amount that no price can have."""
    currency_of(params)
    whole, exact = params.get("unit_amount"), params.get("unit_amount_decimal")
    if whole is not None and exact is not None:
        raise invalid("You may only specify one of these parameters: unit_amount, unit_amount_decimal.", "unit_amount")
    if whole is None and exact is None and not params.get("custom_unit_amount") and not params.get("tiers"):
        raise invalid("Missing required param: unit_amount.", "unit_amount", "parameter_missing")
    recurring = params.get("recurring") or {}
    most = _MOST_INTERVALS.get(recurring.get("interval", ""), 0)
    if recurring and not 1 <= recurring.get("interval_count", 1) <= most:
        raise invalid("Invalid integer: an interval is of 1 day to 3 years", "recurring[interval_count]")
    tiers = params.get("tiers")
    if bool(tiers) != (params.get("billing_scheme") == "tiered"):
        raise invalid("`tiers` go with `billing_scheme=tiered`, and with no other.", "tiers")
    if tiers:
        _check_tiers(tiers, params.get("tiers_mode"))
    package = params.get("transform_quantity")
    if package and package["divide_by"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "transform_quantity[divide_by]")
    if Decimal(whole or exact or 0) < 0:
        raise invalid("This value must be greater than or equal to 0.", "unit_amount", "parameter_invalid_integer")


def _check_tiers(tiers: list[dict[str, Any]], mode: str | None) -> None:
    tops = [tier["up_to"] for tier in tiers]
    if mode is None or tops[-1] != "inf" or "inf" in tops[:-1]:
        raise invalid("Tiered prices need a `tiers_mode`, and `up_to=inf` in their last tier and no other.", "tiers")
    if any(below >= top for below, top in zip([0, *tops[:-1]], tops[:-1], strict=False)):
        raise invalid("Each tier's `up_to` must be greater than that of the tier before.", "tiers")


def _tier(given: dict[str, Any]) -> dict[str, Any]:
    tier: dict[str, Any] = {"up_to": None if given["up_to"] == "inf" else given["up_to"]}
    for name in ("unit_amount", "flat_amount"):
        exact = given.get(f"{name}_decimal", given.get(name))
        amount = None if exact is None else Decimal(exact)
        tier[name] = int(amount) if amount is not None and amount == int(amount) else None
        tier[f"{name}_decimal"] = None if amount is None else format(amount.normalize(), "f")
    return tier


def spoken_amount(price: Obj) -> str:
    """``$15.00``: the price of one, as in the descriptions of lines."""
    exact = Decimal(price["unit_amount_decimal"] or 0)
    return spoken(int(exact), price["currency"]).partition(" ")[0] if exact == int(exact) else f"{exact:f} cents"


def _set_amount(price: Obj, params: dict[str, Any]) -> None:
    given = params.get("unit_amount_decimal", params.get("unit_amount"))
    if given is None:
        return
    amount = Decimal(given)
    price["unit_amount"] = int(amount) if amount == int(amount) else None
    price["unit_amount_decimal"] = format(amount.normalize(), "f")


ROUTES = (
    Route("POST", "/v1/products", create_product, "product_create"),
    Route("GET", "/v1/products", products, "product_list"),
    Route("GET", "/v1/products/search", searched_products, "product_search"),
    Route("GET", "/v1/products/{id}", product),
    Route("POST", "/v1/products/{id}", update_product, "product_update"),
    Route("DELETE", "/v1/products/{id}", delete_product),
    Route("POST", "/v1/prices", create_price, "price_create"),
    Route("GET", "/v1/prices", prices, "price_list"),
    Route("GET", "/v1/prices/search", searched_prices, "price_search"),
    Route("GET", "/v1/prices/{id}", price),
    Route("POST", "/v1/prices/{id}", update_price, "price_update"),
)
