"""Promotion codes: a coupon under a word that customers type (docs.stripe.com/api/promotion_codes)."""

from __future__ import annotations

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.coupons import is_redeemable
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    promotion = params.get("promotion") or {}
    identity, param = promotion.get("coupon"), "promotion[coupon]"
    if not params.get("promotion") and params.get("coupon"):
        identity, param = params["coupon"], "coupon"
    if not identity:
        name = param if promotion else "promotion"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    coupon = world.find("coupon", identity, param)
    if not is_redeemable(world, coupon):
        raise invalid(f"The coupon {identity} can no longer be redeemed.", param, "coupon_expired")
    if params.get("customer"):
        customers.living(call, params["customer"], "customer")
    code = params.get("code") or world.ids.text(8).upper()
    known = [one for one in world.store.by_kind["promotion_code"].values() if one["code"].lower() == code.lower()]
    if any(one["active"] and one["customer"] in (None, params.get("customer")) for one in known):
        raise ApiError(f"An active promotion code with `code: {code}` already exists.", param="code")
    limits = params.get("restrictions") or {}
    promotion_code = blank(
        "promotion_code",
        id=world.ids.new("promo"),
        object="promotion_code",
        active=params.get("active", True),
        code=code,
        created=world.clock.seconds(),
        customer=params.get("customer"),
        expires_at=params.get("expires_at"),
        livemode=False,
        max_redemptions=params.get("max_redemptions"),
        metadata=merged({}, params.get("metadata") or {}),
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions={
            "first_time_transaction": limits.get("first_time_transaction", False),
            "minimum_amount": limits.get("minimum_amount"),
            "minimum_amount_currency": limits.get("minimum_amount_currency"),
        },
        times_redeemed=0,
    )
    world.store.add(promotion_code)
    world.emit("promotion_code.created", promotion_code, call)
    return promotion_code


def retrieve(call: Call) -> Obj:
    return call.world.find("promotion_code", call.ids[0])


def update(call: Call) -> Obj:
    code = call.world.find("promotion_code", call.ids[0])
    coupon = call.world.store.get("coupon", code["promotion"]["coupon"])
    if call.params.get("active") and (coupon is None or not is_redeemable(call.world, coupon)):
        raise invalid("The promotion code's coupon can no longer be redeemed.", "active")
    with changing(call.world, call, code, "promotion_code.updated"):
        change(code, call.params, ("active",))
    return code


def listed(call: Call) -> Obj:
    coupon = call.params.get("coupon")
    code = (call.params.get("code") or "").lower()
    matches = equal_to(call, "active", "customer")
    return list_of(
        call,
        "promotion_code",
        lambda one: matches(one) and coupon in (None, one["promotion"]["coupon"]) and code in ("", one["code"].lower()),
    )


ROUTES = (
    Route("POST", "/v1/promotion_codes", create, "promotion_code_create"),
    Route("GET", "/v1/promotion_codes", listed, "promotion_code_list"),
    Route("GET", "/v1/promotion_codes/{id}", retrieve),
    Route("POST", "/v1/promotion_codes/{id}", update, "promotion_code_update"),
)
