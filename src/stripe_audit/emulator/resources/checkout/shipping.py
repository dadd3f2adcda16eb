"""Shipping rates, and what a Checkout Session charges for shipping (docs.stripe.com/api/shipping_rates)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "amount", "given", "show"]


def given(call: Call, options: list[dict[str, Any]] | None, currency: str | None) -> list[Obj]:
    """The rates that the options name or describe. Raises ApiError 400 for other currencies."""
    rates = []
    for index, option in enumerate(options or []):
        param = f"shipping_options[{index}]"
        if option.get("shipping_rate"):
            rate = call.world.find("shipping_rate", option["shipping_rate"], f"{param}[shipping_rate]")
        elif option.get("shipping_rate_data"):
            rate = _new(call, option["shipping_rate_data"], f"{param}[shipping_rate_data]")
        else:
            raise invalid(f"Missing required param: {param}[shipping_rate].", param, "parameter_missing")
        if rate["fixed_amount"]["currency"] != currency:
            raise invalid(f"The shipping rate is in {rate['fixed_amount']['currency']}, not in {currency}.", param)
        rates.append(rate)
    return rates


def amount(rates: list[Obj]) -> int:
    """What the first rate, which the customer is offered first, costs."""
    return int(rates[0]["fixed_amount"]["amount"]) if rates else 0


def show(session: Obj, rates: list[Obj]) -> None:
    """Put the rates on the session; the first is chosen."""
    if not rates:
        return
    session["shipping_options"] = [
        {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]} for rate in rates
    ]
    cost = amount(rates)
    session["shipping_cost"] = {
        "amount_subtotal": cost,
        "amount_tax": 0,
        "amount_total": cost,
        "shipping_rate": rates[0]["id"],
    }


def _new(call: Call, params: dict[str, Any], param: str = "") -> Obj:
    fixed = params.get("fixed_amount")
    if not fixed:
        name = f"{param}[fixed_amount]" if param else "fixed_amount"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    if fixed["amount"] < 0:
        raise invalid("This value must be greater than or equal to 0.", "fixed_amount", "parameter_invalid_integer")
    rate = blank(
        "shipping_rate",
        id=call.world.ids.new("shr"),
        object="shipping_rate",
        active=True,
        created=call.world.clock.seconds(),
        delivery_estimate=params.get("delivery_estimate"),
        display_name=params["display_name"],
        fixed_amount={"amount": fixed["amount"], "currency": currency_of(fixed)},
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        tax_behavior=params.get("tax_behavior") or "unspecified",
        tax_code=params.get("tax_code"),
        type="fixed_amount",
    )
    return call.world.store.add(rate)


def create(call: Call) -> Obj:
    return _new(call, call.params)


def retrieve(call: Call) -> Obj:
    return call.world.find("shipping_rate", call.ids[0])


def update(call: Call) -> Obj:
    rate = retrieve(call)
    change(rate, call.params, ("active", "tax_behavior"))
    return rate


def listed(call: Call) -> Obj:
    currency = call.params.get("currency")
    matches = equal_to(call, "active")
    return list_of(
        call, "shipping_rate", lambda one: matches(one) and currency in (None, one["fixed_amount"]["currency"])
    )


ROUTES = (
    Route("POST", "/v1/shipping_rates", create, "shipping_rate_create"),
    Route("GET", "/v1/shipping_rates", listed, "shipping_rate_list"),
    Route("GET", "/v1/shipping_rates/{id}", retrieve),
    Route("POST", "/v1/shipping_rates/{id}", update, "shipping_rate_update"),
)
