"""Plans, the older view of recurring prices (docs.stripe.com/api/plans).

A plan is a recurring price under another name: each has the other's id, and one is not kept without the other.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid, missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources import catalogue
from stripe_audit.emulator.resources.billing.changes import removed
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "plan_of"]

_TOLD = ("active", "metadata", "nickname", "product")


def plan_of(price: Obj) -> Obj:
    """The plan that a recurring price is."""
    recurring = price["recurring"]
    return blank(
        "plan",
        id=price["id"],
        object="plan",
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme=price["billing_scheme"],
        created=price["created"],
        currency=price["currency"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        livemode=False,
        metadata=dict(price["metadata"]),
        meter=recurring["meter"],
        nickname=price["nickname"],
        product=price["product"],
        tiers=snapshot(price["tiers"]),
        tiers_mode=price["tiers_mode"],
        transform_usage=snapshot(price["transform_quantity"]),
        trial_period_days=recurring["trial_period_days"],
        usage_type=recurring["usage_type"],
    )


@after("price.created")
def tell_of_new_plan(world: World, price: Obj, call: Call | None) -> None:
    """Stripe tells of a recurring price under both names."""
    if price["recurring"]:
        world.emit("plan.created", plan_of(price), call)


def create(call: Call) -> Obj:
    params = call.params
    price_params = _as_price(params)
    catalogue.check_price(price_params)
    identity = params.get("id") or call.world.ids.new("plan")
    if identity in call.world.store.by_id:
        raise ApiError("Plan already exists.", code="resource_already_exists", param="id")
    product = params.get("product")
    if isinstance(product, str):
        call.world.find("product", product, "product")
    elif product:
        made = catalogue.new_product(call, product)
        call.world.emit("product.created", made, call)
        product = made["id"]
    else:
        raise invalid("Missing required param: product.", "product", "parameter_missing")
    price = catalogue.new_price(call, {**price_params, "product": product, "id": identity})
    call.world.emit("price.created", price, call)
    return plan_of(price)


def _as_price(params: dict[str, Any]) -> dict[str, Any]:
    recurring = ("interval", "interval_count", "meter", "trial_period_days", "usage_type")
    same = ("active", "billing_scheme", "currency", "metadata", "nickname", "tiers", "tiers_mode")
    renamed = {
        "amount": "unit_amount",
        "amount_decimal": "unit_amount_decimal",
        "transform_usage": "transform_quantity",
    }
    return {
        "recurring": {name: params[name] for name in recurring if params.get(name) is not None},
        **{name: params[name] for name in same if name in params},
        **{ours: params[theirs] for theirs, ours in renamed.items() if params.get(theirs) is not None},
    }


def retrieve(call: Call) -> Obj:
    return plan_of(_found(call))


def update(call: Call) -> Obj:
    price, params = _found(call), call.params
    if params.get("product"):
        call.world.find("product", params["product"], "product")
    previous = change(price, params, ("active", "nickname", "product"))
    if "trial_period_days" in params and params["trial_period_days"] != price["recurring"]["trial_period_days"]:
        before = snapshot(price["recurring"])
        price["recurring"]["trial_period_days"] = params["trial_period_days"]
        previous["recurring"] = before
    if previous:
        call.world.emit("price.updated", price, call, previous=previous)
        told = {name: previous[name] for name in _TOLD if name in previous}
        if "recurring" in previous:
            told["trial_period_days"] = previous["recurring"]["trial_period_days"]
        call.world.emit("plan.updated", plan_of(price), call, previous=told)
    return plan_of(price)


def delete(call: Call) -> Obj:
    """Subscriptions that have the plan keep it."""
    price = _found(call)
    plan = plan_of(price)
    removed(call.world, price)
    call.world.emit("price.deleted", price, call)
    call.world.emit("plan.deleted", plan, call)
    return {"id": plan["id"], "object": "plan", "deleted": True}


def listed(call: Call) -> Obj:
    wanted = {name: call.params[name] for name in ("active", "product") if call.params.get(name) is not None}
    page = list_of(
        call, "price", lambda one: one["recurring"] and all(one[name] == value for name, value in wanted.items())
    )
    return {**page, "data": [plan_of(price) for price in page["data"]]}


def _found(call: Call) -> Obj:
    price = call.world.store.get("price", call.ids[0])
    if price is None or not price["recurring"]:
        raise missing_resource("plan", call.ids[0][:200], "plan")
    return price


ROUTES = (
    Route("POST", "/v1/plans", create, "plan_create"),
    Route("GET", "/v1/plans", listed, "plan_list"),
    Route("GET", "/v1/plans/{id}", retrieve),
    Route("POST", "/v1/plans/{id}", update, "plan_update"),
    Route("DELETE", "/v1/plans/{id}", delete),
)
