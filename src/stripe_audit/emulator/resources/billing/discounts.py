"""Discounts: coupons applied to a customer, a subscription, an invoice or one of their items.

Source: docs.stripe.com/api/discounts, docs.stripe.com/billing/subscriptions/coupons.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.resources.billing.coupons import is_redeemable, redeem
from stripe_audit.emulator.resources.billing.times import boundary, now_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = [
    "ROUTES",
    "applied",
    "check_customers",
    "coupon_behind",
    "give_to_customer",
    "is_in_force",
    "peeked",
    "take_from",
]


def coupon_behind(world: World, discount: Obj | str) -> Obj:
    """The coupon of a discount or of its id, whether or not it still exists."""
    identity = discount if isinstance(discount, str) else discount["id"]
    return world.billing.coupon_of[identity]


def is_in_force(discount: Obj, now: int) -> bool:
    """Whether a discount of some months has not run out."""
    return discount["end"] is None or now < discount["end"]


def applied(
    call: Call, given: list[dict[str, Any]] | None, param: str, customer: Obj | None, currency: str | None, **owner: Any
) -> list[Obj]:
    """New discounts for the ``discounts`` of a call, or the existing ones that it names.

    Raises ApiError 400, before anything is redeemed, for coupons and codes that do not exist or do not fit.
    """
    chosen = [_chosen(call, one, f"{param}[{index}]", customer, currency) for index, one in enumerate(given or [])]
    return [
        known if known is not None else _new(call.world, coupon, code, customer, owner)
        for coupon, code, known in chosen
    ]


def peeked(
    call: Call, given: list[dict[str, Any]] | None, param: str, customer: Obj | None, currency: str | None
) -> list[str]:
    """The ids of discounts as ``applied`` would make them, for a preview: nothing is kept or redeemed."""
    found = []
    for index, one in enumerate(given or []):
        coupon, _, known = _chosen(call, one, f"{param}[{index}]", customer, currency)
        identity = known["id"] if known else call.world.ids.new("di")
        call.world.billing.coupon_of[identity] = coupon
        found.append(identity)
    return found


def _chosen(
    call: Call, one: dict[str, Any], param: str, customer: Obj | None, currency: str | None
) -> tuple[Obj, Obj | None, Obj | None]:
    world = call.world
    if one.get("discount"):
        known = world.find("discount", one["discount"], _inside(param, "discount"))
        return coupon_behind(world, known), None, known
    code = None
    if one.get("promotion_code"):
        code = world.find("promotion_code", one["promotion_code"], _inside(param, "promotion_code"))
        _check_code(code, _inside(param, "promotion_code"), customer, world)
        identity: str | None = code["promotion"]["coupon"]
    else:
        identity = one.get("coupon")
    if not identity:
        raise invalid("Each discount needs a `coupon`, a `promotion_code` or a `discount`.", param)
    coupon = world.find("coupon", identity, _inside(param, "coupon"))
    if not is_redeemable(world, coupon):
        raise invalid(f"Coupon expired: {identity}", _inside(param, "coupon"), "coupon_expired")
    if currency is not None and coupon["currency"] not in (None, currency):
        raise invalid(
            f"The coupon {identity} takes off {coupon['currency']}, and cannot be applied to {currency}.",
            _inside(param, "coupon"),
        )
    return coupon, code, None


def _inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _check_code(code: Obj, param: str, customer: Obj | None, world: World) -> None:
    is_over = code["expires_at"] is not None and world.clock.seconds() > code["expires_at"]
    is_used_up = code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]
    if not code["active"] or is_over or is_used_up:
        raise invalid("This promotion code is inactive or can no longer be redeemed.", param)
    if code["customer"] is not None and code["customer"] != (customer or {}).get("id"):
        raise invalid("This promotion code cannot be redeemed by this customer.", param)
    is_returning = customer is not None and any(
        invoice["customer"] == customer["id"] and invoice["status"] == "paid"
        for invoice in world.store.by_kind["invoice"].values()
    )
    if code["restrictions"]["first_time_transaction"] and is_returning:
        raise invalid("This promotion code cannot be redeemed because the customer has prior transactions.", param)


def _new(world: World, coupon: Obj, code: Obj | None, customer: Obj | None, owner: dict[str, Any]) -> Obj:
    start = now_of(world, customer)
    months = coupon["duration_in_months"]
    discount = blank(
        "discount",
        id=world.ids.new("di"),
        object="discount",
        customer=customer["id"] if customer else None,
        end=boundary(start, "month", 1, months) if months else None,
        promotion_code=code["id"] if code else None,
        source={"coupon": coupon["id"], "type": "coupon"},
        start=start,
    )
    discount.update(owner)
    world.billing.coupon_of[discount["id"]] = coupon
    redeem(world, coupon)
    if code is not None:
        code["times_redeemed"] += 1
    return world.store.add(discount)


def check_customers(call: Call, customer: Obj | None) -> None:
    """Raise ApiError 400 for a coupon that a customer's call names and that cannot be redeemed."""
    given = _named(call)
    if given:
        _chosen(call, given, "", customer, None)


def _named(call: Call) -> dict[str, Any]:
    return {name: call.params[name] for name in ("coupon", "promotion_code") if call.params.get(name)}


def give_to_customer(call: Call, customer: Obj) -> None:
    """Apply the call's ``coupon``, which replaces the customer's discount, or takes it away where it is empty."""
    if "coupon" not in call.params and "promotion_code" not in call.params:
        return
    given = _named(call)
    before = customer["discount"]
    if not given:
        if before is not None:
            take_from(call, customer)
        return
    coupon, code, _ = _chosen(call, given, "", customer, None)
    discount = _new(call.world, coupon, code, customer, {})
    customer["discount"] = discount
    if before is None:
        call.world.emit("customer.discount.created", discount, call)
    else:
        changed = {name: snapshot(before[name]) for name in before if before[name] != discount[name]}
        call.world.emit("customer.discount.updated", discount, call, previous=changed)


def take_from(call: Call, customer: Obj) -> None:
    """End the customer's discount."""
    discount = customer["discount"]
    customer["discount"] = None
    call.world.emit("customer.discount.deleted", discount, call)


def _of_customer(call: Call) -> Obj:
    customer = call.world.find("customer", call.ids[0])
    if customer.get("discount") is None:
        raise missing_resource("discount", call.ids[0][:200], "id")
    return customer


def retrieve_customers(call: Call) -> Obj:
    discount: Obj = _of_customer(call)["discount"]
    return discount


def delete_customers(call: Call) -> Obj:
    customer = _of_customer(call)
    discount = customer["discount"]
    take_from(call, customer)
    return {**discount, "deleted": True}


def delete_subscriptions(call: Call) -> Obj:
    subscription = call.world.find("subscription", call.ids[0])
    if not subscription["discounts"]:
        raise missing_resource("discount", call.ids[0][:200], "id")
    before = list(subscription["discounts"])
    subscription["discounts"] = []
    discount = call.world.store.by_id[before[0]]
    call.world.emit("customer.discount.deleted", discount, call)
    call.world.emit("customer.subscription.updated", subscription, call, previous={"discounts": before})
    return {**discount, "deleted": True}


ROUTES = (
    Route("GET", "/v1/customers/{id}/discount", retrieve_customers),
    Route("DELETE", "/v1/customers/{id}/discount", delete_customers),
    Route("DELETE", "/v1/subscriptions/{id}/discount", delete_subscriptions),
)
