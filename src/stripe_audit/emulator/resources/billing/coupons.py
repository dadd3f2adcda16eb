"""Coupons (docs.stripe.com/api/coupons)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.billing.changes import changing, removed
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "is_redeemable", "redeem"]


def is_redeemable(world: World, coupon: Obj) -> bool:
    """Whether the coupon is there and can still be applied."""
    is_over = coupon["redeem_by"] is not None and world.clock.seconds() > coupon["redeem_by"]
    is_used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return coupon["id"] in world.store.by_kind["coupon"] and not is_over and not is_used_up


def redeem(world: World, coupon: Obj) -> None:
    """Count one application to a customer, a subscription or an invoice."""
    coupon["times_redeemed"] += 1
    coupon["valid"] = is_redeemable(world, coupon)


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    _check(params)
    identity = params.get("id") or world.ids.text(8)
    if identity in world.store.by_id:
        raise ApiError("Coupon already exists.", code="resource_already_exists", param="id")
    coupon = blank(
        "coupon",
        id=identity,
        object="coupon",
        amount_off=params.get("amount_off"),
        applies_to=params.get("applies_to"),
        created=world.clock.seconds(),
        currency=currency_of(params) if params.get("amount_off") else None,
        duration=params.get("duration") or "once",
        duration_in_months=params.get("duration_in_months"),
        livemode=False,
        max_redemptions=params.get("max_redemptions"),
        metadata=merged({}, params.get("metadata") or {}),
        name=params.get("name"),
        percent_off=float(Decimal(params["percent_off"])) if params.get("percent_off") else None,
        redeem_by=params.get("redeem_by"),
        times_redeemed=0,
        valid=True,
    )
    world.store.add(coupon)
    world.emit("coupon.created", coupon, call)
    return coupon


def _check(params: dict[str, Any]) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either percent_off or amount_off, and not both.", "percent_off")
    if percent is not None and not 0 < Decimal(percent) <= 100:
        raise invalid("Invalid decimal: must be greater than 0 and at most 100", "percent_off")
    if amount is not None and amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount_off", "parameter_invalid_integer")
    if amount is not None and not params.get("currency"):
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    months = params.get("duration_in_months")
    if (params.get("duration") == "repeating") != (months is not None):
        raise invalid("duration_in_months goes with duration=repeating, which demands it.", "duration_in_months")
    for name in ("duration_in_months", "max_redemptions"):
        if params.get(name) is not None and params[name] < 1:
            raise invalid("This value must be greater than or equal to 1.", name, "parameter_invalid_integer")


def retrieve(call: Call) -> Obj:
    return _current(call.world, call.world.find("coupon", call.ids[0]))


def update(call: Call) -> Obj:
    coupon = _current(call.world, call.world.find("coupon", call.ids[0]))
    with changing(call.world, call, coupon, "coupon.updated"):
        change(coupon, call.params, ("name",))
    return coupon


def delete(call: Call) -> Obj:
    """Existing discounts keep what they take off."""
    coupon = call.world.find("coupon", call.ids[0])
    coupon["valid"] = False
    answer = removed(call.world, coupon)
    call.world.emit("coupon.deleted", coupon, call)
    return answer


def listed(call: Call) -> Obj:
    for coupon in call.world.store.by_kind["coupon"].values():
        _current(call.world, coupon)
    return list_of(call, "coupon")


def _current(world: World, coupon: Obj) -> Obj:
    coupon["valid"] = is_redeemable(world, coupon)
    return coupon


ROUTES = (
    Route("POST", "/v1/coupons", create, "coupon_create"),
    Route("GET", "/v1/coupons", listed, "coupon_list"),
    Route("GET", "/v1/coupons/{id}", retrieve),
    Route("POST", "/v1/coupons/{id}", update, "coupon_update"),
    Route("DELETE", "/v1/coupons/{id}", delete),
)
