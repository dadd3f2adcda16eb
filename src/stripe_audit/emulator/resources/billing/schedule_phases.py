"""The phases of a subscription schedule: read from a call, and turned into what a subscription is made or changed with.

Source: docs.stripe.com/api/subscription_schedules/create, docs.stripe.com/billing/subscriptions/subscription-schedules.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources.billing.pricing import price_given
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.times import boundary
from stripe_audit.emulator.resources.metadata import merged
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["changes_into", "phase_of_subscription", "phases_given", "settings_given", "subscription_params"]

_LATEST = 4_102_444_800
"""The year 2100."""
MOST_PHASES = 10
"""docs.stripe.com/api/subscription_schedules: ten phases that are current or to come."""
_ENDIVE = "2026-09-30"


def settings_given(given: dict[str, Any] | None, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Default settings with the given ones laid over the known."""
    blank: dict[str, Any] = {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "days_until_due": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "on_behalf_of": None,
        "transfer_data": None,
    }
    settings = known or blank
    laid = {**settings, **(given or {})}
    for name in ("automatic_tax", "invoice_settings"):
        laid[name] = {**settings[name], **((given or {}).get(name) or {})}
    return laid


def phases_given(call: Call, phases: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """Phases one after the other. Raises ApiError 400 for prices that cannot recur and times that go backwards."""
    if not 1 <= len(phases) <= MOST_PHASES:
        raise invalid(f"A schedule has 1 to {MOST_PHASES} phases.", "phases")
    found = []
    for index, given in enumerate(phases):
        phase = _phase(call, given, f"phases[{index}]", start)
        found.append(phase)
        start = phase["end_date"]
    return found


def _phase(call: Call, given: dict[str, Any], param: str, start: int) -> dict[str, Any]:
    prices = [
        price_given(call, item, f"{param}[items][{index}]", is_recurring=True)
        for index, item in enumerate(given["items"])
    ]
    items = [
        _item(call, item, price, f"{param}[items][{index}]")
        for index, (item, price) in enumerate(zip(given["items"], prices, strict=True))
    ]
    if not items or prices[0] is None:
        raise invalid("Each phase needs at least one item.", f"{param}[items]", "parameter_missing")
    end = _end(call, given, param, start, prices[0])
    return {
        "add_invoice_items": [_extra(call, item, param) for item in given.get("add_invoice_items") or []],
        "application_fee_percent": given.get("application_fee_percent"),
        "automatic_tax": None,
        "billing_cycle_anchor": given.get("billing_cycle_anchor"),
        "billing_thresholds": given.get("billing_thresholds"),
        "collection_method": given.get("collection_method"),
        "currency": prices[0]["currency"],
        "default_payment_method": given.get("default_payment_method"),
        "default_tax_rates": rates_given(call, given.get("default_tax_rates"), f"{param}[default_tax_rates]"),
        "description": given.get("description"),
        "discounts": _discounts(given),
        "end_date": end,
        "invoice_settings": given.get("invoice_settings"),
        "items": items,
        "metadata": merged({}, given.get("metadata") or {}),
        "on_behalf_of": given.get("on_behalf_of"),
        "proration_behavior": given.get("proration_behavior") or "create_prorations",
        "start_date": start,
        "transfer_data": given.get("transfer_data"),
        "trial": given.get("trial"),
        "trial_end": end if given.get("trial") else given.get("trial_end"),
    }


def _end(call: Call, given: dict[str, Any], param: str, start: int, price: Obj) -> int:
    if given.get("iterations") is not None and call.version >= _ENDIVE:
        name = f"{param}[iterations]"
        raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")
    recurring = price["recurring"]
    end = given.get("end_date")
    if end == "now":
        end = call.world.clock.seconds()
    if end is None and given.get("duration"):
        duration = given["duration"]
        end = boundary(start, duration["interval"], duration.get("interval_count", 1), 1)
    if end is None:
        periods = given.get("iterations", 1)
        end = boundary(start, recurring["interval"], recurring["interval_count"], periods) if periods > 0 else start
    if not start < end < _LATEST:
        raise invalid("The end of a phase must lie after its start.", f"{param}[end_date]")
    return int(end)


def _item(call: Call, given: dict[str, Any], price: Obj | None, param: str) -> dict[str, Any]:
    if price is None:
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    is_metered = price["recurring"]["usage_type"] == "metered"
    return {
        "billing_thresholds": None,
        "discounts": _discounts(given),
        "metadata": merged({}, given.get("metadata") or {}),
        "plan": price["id"],
        "price": price["id"],
        "quantity": None if is_metered else given.get("quantity", 1),
        "tax_rates": rates_given(call, given.get("tax_rates"), f"{param}[tax_rates]"),
    }


def _extra(call: Call, given: dict[str, Any], param: str) -> dict[str, Any]:
    price = price_given(call, given, f"{param}[add_invoice_items]", is_recurring=False)
    if price is None:
        name = f"{param}[add_invoice_items][price]"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return {
        "discountable": given.get("discountable"),
        "discounts": _discounts(given),
        "metadata": merged({}, given.get("metadata") or {}),
        "period": {"end": {"type": "min_item_period_end"}, "start": {"type": "max_item_period_start"}},
        "price": price["id"],
        "quantity": given.get("quantity", 1),
        "tax_rates": rates_given(call, given.get("tax_rates"), f"{param}[add_invoice_items][tax_rates]"),
    }


def _discounts(given: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("coupon", "discount", "promotion_code")
    if not all(isinstance(one, dict) for one in given.get("discounts") or []):
        raise invalid("Invalid object", "discounts")
    return [{name: one.get(name) for name in names} for one in given.get("discounts") or []]


def phase_of_subscription(subscription: Obj) -> dict[str, Any]:
    """The phase that a subscription is in which a schedule takes over: its current period, as it is."""
    first = subscription["items"]["data"][0]
    return {
        "add_invoice_items": [],
        **dict.fromkeys(("application_fee_percent", "automatic_tax", "billing_cycle_anchor", "billing_thresholds")),
        "collection_method": subscription["collection_method"],
        "currency": subscription["currency"],
        "default_payment_method": subscription["default_payment_method"],
        "default_tax_rates": list(subscription["default_tax_rates"] or []),
        "description": subscription["description"],
        "discounts": [
            {"coupon": None, "discount": identity, "promotion_code": None} for identity in subscription["discounts"]
        ],
        "end_date": first["current_period_end"],
        "invoice_settings": None,
        "items": [
            {
                "billing_thresholds": None,
                "discounts": [],
                "metadata": dict(item["metadata"]),
                "plan": item["price"]["id"],
                "price": item["price"]["id"],
                "quantity": item["quantity"],
                "tax_rates": list(item["tax_rates"] or []),
            }
            for item in subscription["items"]["data"]
        ],
        "metadata": dict(subscription["metadata"]),
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "start_date": first["current_period_start"],
        "transfer_data": None,
        "trial": None,
        "trial_end": subscription["trial_end"],
    }


def subscription_params(phase: dict[str, Any], settings: dict[str, Any], mode: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a subscription that begins with this phase."""
    method = phase["collection_method"] or settings["collection_method"]
    due = {**settings["invoice_settings"], **(phase["invoice_settings"] or {})}.get("days_until_due")
    wanted = {
        "add_invoice_items": [
            {name: item[name] for name in ("metadata", "price", "quantity")} for item in phase["add_invoice_items"]
        ],
        "billing_mode": {"type": mode["type"]},
        "collection_method": method,
        "days_until_due": (due or 0) if method == "send_invoice" else None,
        "default_payment_method": phase["default_payment_method"] or settings["default_payment_method"],
        "default_tax_rates": [rate["id"] for rate in phase["default_tax_rates"]],
        "description": phase["description"] or settings["description"],
        "discounts": phase["discounts"],
        "items": [
            {**item, "plan": None, "tax_rates": [rate["id"] for rate in item["tax_rates"]]} for item in phase["items"]
        ],
        "metadata": phase["metadata"],
        "trial_end": phase["trial_end"],
    }
    return {name: value for name, value in wanted.items() if value not in (None, [])} | {
        "items": [{name: value for name, value in item.items() if value is not None} for item in wanted["items"]]
    }


def changes_into(phase: dict[str, Any], subscription: Obj) -> list[dict[str, Any]]:
    """The ``items`` of a call that would change a subscription's items into those of a phase."""
    present = {item["price"]["id"]: item for item in subscription["items"]["data"]}
    wanted = {item["price"]: item for item in phase["items"]}
    changes: list[dict[str, Any]] = [
        {"id": item["id"], "deleted": True} for price, item in present.items() if price not in wanted
    ]
    for price, item in wanted.items():
        quantity = {} if item["quantity"] is None else {"quantity": item["quantity"]}
        changes.append({"id": present[price]["id"], **quantity} if price in present else {"price": price, **quantity})
    return changes
