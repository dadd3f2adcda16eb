"""Tax rates (docs.stripe.com/api/tax_rates)."""

from __future__ import annotations

from decimal import Decimal

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "rates_given"]

_FIELDS = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")


def rates_given(call: Call, ids: list[str] | None, param: str) -> list[Obj]:
    """The tax rates of these ids. Raises ApiError 400 for unknown and archived ones."""
    found = [call.world.find("tax_rate", identity, f"{param}[{index}]") for index, identity in enumerate(ids or [])]
    for index, rate in enumerate(found):
        if not rate["active"]:
            raise invalid(f"The tax rate {rate['id']} is inactive.", f"{param}[{index}]")
    return found


def create(call: Call) -> Obj:
    params = call.params
    percentage = Decimal(params["percentage"])
    if not 0 <= percentage <= 100:
        raise invalid("Invalid decimal: must be between 0 and 100", "percentage")
    rate = blank(
        "tax_rate",
        id=call.world.ids.new("txr"),
        object="tax_rate",
        active=True,
        created=call.world.clock.seconds(),
        effective_percentage=float(percentage),
        inclusive=params["inclusive"],
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        percentage=float(percentage),
        rate_type="percentage",
    )
    change(rate, {name: value for name, value in params.items() if name != "metadata"}, _FIELDS)
    call.world.store.add(rate)
    call.world.emit("tax_rate.created", rate, call)
    return rate


def retrieve(call: Call) -> Obj:
    return call.world.find("tax_rate", call.ids[0])


def update(call: Call) -> Obj:
    rate = call.world.find("tax_rate", call.ids[0])
    with changing(call.world, call, rate, "tax_rate.updated"):
        change(rate, call.params, _FIELDS)
    return rate


def listed(call: Call) -> Obj:
    return list_of(call, "tax_rate", equal_to(call, "active", "inclusive"))


ROUTES = (
    Route("POST", "/v1/tax_rates", create, "tax_rate_create"),
    Route("GET", "/v1/tax_rates", listed, "tax_rate_list"),
    Route("GET", "/v1/tax_rates/{id}", retrieve),
    Route("POST", "/v1/tax_rates/{id}", update, "tax_rate_update"),
)
