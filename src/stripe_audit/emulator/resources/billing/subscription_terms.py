"""What a call says about a subscription, checked before anything happens: items, trial, billing cycle, settings.

All items of one subscription have the same currency and the same interval here; Stripe allows mixed intervals.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources import payment_methods
from stripe_audit.emulator.resources.billing.discounts import applied
from stripe_audit.emulator.resources.billing.plans import plan_of
from stripe_audit.emulator.resources.billing.pricing import price_given
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.times import DAY, now_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["check_settings", "check_uniform", "interval_of", "lay_over", "make_item", "set_price", "trial_end_given"]

_PLAIN = (
    "application_fee_percent",
    "billing_thresholds",
    "cancel_at_period_end",
    "collection_method",
    "days_until_due",
    "description",
    "on_behalf_of",
    "pause_collection",
    "pending_invoice_item_interval",
    "trial_settings",
)
_NOT_EMULATED = ("backdate_start_date", "billing_cycle_anchor_config", "billing_schedules")
_LONGEST_TRIAL = 1826 * DAY
"""Five years (docs.stripe.com/api/subscriptions/create, trial_end)."""
MOST_ITEMS = 20
"""docs.stripe.com/api/subscriptions/create, items."""


def make_item(call: Call, subscription: str, given: dict[str, Any], param: str, now: int, customer: Obj) -> Obj:
    """A subscription item, not kept, whose period is still open. Raises ApiError 400 for prices that cannot recur."""
    price = price_given(call, given, param, is_recurring=True)
    if price is None:
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    item = blank(
        "subscription_item",
        id=call.world.ids.new("si"),
        object="subscription_item",
        created=now,
        current_period_end=0,
        current_period_start=0,
        metadata=merged({}, given.get("metadata") or {}),
        subscription=subscription,
        tax_rates=rates_given(call, given.get("tax_rates"), f"{param}[tax_rates]"),
    )
    set_price(item, price, given.get("quantity"), param)
    made = applied(
        call, given.get("discounts"), f"{param}[discounts]", customer, price["currency"], subscription_item=item["id"]
    )
    item["discounts"] = [discount["id"] for discount in made]
    return item


def set_price(item: Obj, price: Obj, quantity: int | None, param: str) -> None:
    """Put a price and a quantity, 1 by default, into an item. Raises ApiError 400 for quantities that cannot be."""
    is_metered = price["recurring"]["usage_type"] == "metered"
    if is_metered and quantity is not None:
        raise invalid("You cannot set the quantity on metered plans.", f"{param}[quantity]")
    if quantity is not None and not 0 <= quantity <= 999_999_999:
        raise invalid("Invalid integer: a quantity is not negative", f"{param}[quantity]", "parameter_invalid_integer")
    item.update(
        plan=plan_of(price), price=price, quantity=None if is_metered else (1 if quantity is None else quantity)
    )


def check_uniform(items: list[Obj]) -> None:
    """Raise ApiError 400 unless the items can be billed together."""
    if not items:
        raise invalid("A subscription must have at least one active plan.", "items")
    if len(items) > MOST_ITEMS:
        raise invalid(f"A subscription can have at most {MOST_ITEMS} items.", "items")
    prices = [item["price"]["id"] for item in items]
    doubled = next((price for price in prices if prices.count(price) > 1), None)
    if doubled is not None:
        raise invalid(f"Cannot add multiple subscription items with the same plan: {doubled}", "items")
    if len({item["price"]["currency"] for item in items}) > 1:
        raise invalid("All prices on a subscription must have the same currency.", "items")
    if len({interval_of(item) for item in items}) > 1:
        raise invalid(
            "If prices have different recurring intervals, Stripe bills each in its own; the emulator wants one "
            "interval per subscription.",
            "items",
        )


def interval_of(item: Obj) -> tuple[str, int]:
    """How long a period of the item is."""
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def trial_end_given(params: dict[str, Any], items: list[Obj], now: int) -> int | None:
    """When the trial ends that the call asks for; None without one. Raises ApiError 400 for times that cannot be."""
    days, end = params.get("trial_period_days"), params.get("trial_end")
    if days is not None and end is not None:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.", "trial_end")
    if days is None and end is None and params.get("trial_from_plan"):
        days = max((item["price"]["recurring"]["trial_period_days"] or 0 for item in items), default=0)
    if days is not None:
        if not 0 <= days <= 730:
            raise invalid("Invalid integer: a trial is of 0 to 730 days", "trial_period_days")
        return now + days * DAY if days else None
    if end in (None, "now"):
        return None
    if not now < end <= now + _LONGEST_TRIAL:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    return int(end)


def check_settings(call: Call, customer: Obj, collection_method: str, now: int) -> None:
    """Raise ApiError 400 for settings that do not go together, or that the emulator does not know."""
    params = call.params
    for name in _NOT_EMULATED:
        if params.get(name) is not None:
            raise invalid(f"The emulator does not implement `{name}`.", name)
    due = params.get("days_until_due")
    if collection_method == "send_invoice" and due is None and "collection_method" in params:
        raise invalid("If collection_method is 'send_invoice', you must specify 'days_until_due'.", "days_until_due")
    if due is not None and (collection_method != "send_invoice" or not 0 <= due <= 3650):
        raise invalid("`days_until_due` goes with collection_method=send_invoice.", "days_until_due")
    if params.get("cancel_at_period_end") and params.get("cancel_at"):
        raise invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.", "cancel_at")
    at = params.get("cancel_at")
    if isinstance(at, int) and not now < at < 253_402_300_799:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "cancel_at")
    if params.get("default_payment_method"):
        method = payment_methods.usable(call, params["default_payment_method"], "default_payment_method")
        if method["customer"] != customer["id"]:
            raise invalid(
                f"The customer does not have a payment method with the ID {method['id']}. The payment method must be "
                "attached to the customer.",
                "default_payment_method",
                "resource_missing",
            )


def lay_over(call: Call, subscription: Obj, customer: Obj) -> None:
    """Lay the call's settings, which ``check_settings`` has let pass, over a subscription."""
    params = call.params
    change(subscription, params, _PLAIN)
    if "default_payment_method" in params:
        subscription["default_payment_method"] = params["default_payment_method"]
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = rates_given(call, params["default_tax_rates"], "default_tax_rates")
    if "discounts" in params or params.get("coupon") or params.get("promotion_code"):
        given = params.get("discounts") or []
        given = given or [{name: params[name]} for name in ("coupon", "promotion_code") if params.get(name)]
        made = applied(call, given, "discounts", customer, subscription["currency"], subscription=subscription["id"])
        subscription["discounts"] = [discount["id"] for discount in made]
    if params.get("payment_settings"):
        subscription["payment_settings"].update(params["payment_settings"])
    if params.get("invoice_settings"):
        subscription["invoice_settings"].update(params["invoice_settings"])
    if params.get("automatic_tax"):
        is_enabled = params["automatic_tax"]["enabled"]
        subscription["automatic_tax"].update(enabled=is_enabled, liability={"type": "self"} if is_enabled else None)
    if "cancel_at" in params:
        at = params["cancel_at"]
        ends = [item["current_period_end"] for item in subscription["items"]["data"]]
        _cancel_later(call, subscription, max(ends) if isinstance(at, str) else at)
    if "cancel_at_period_end" in params:
        end = subscription["items"]["data"][0]["current_period_end"]
        _cancel_later(call, subscription, end if params["cancel_at_period_end"] else None)


def _cancel_later(call: Call, subscription: Obj, at: int | None) -> None:
    subscription.update(cancel_at=at, canceled_at=now_of(call.world, subscription) if at else None)
    details = subscription["cancellation_details"]
    subscription["cancellation_details"] = {**details, "reason": "cancellation_requested" if at else None}
