"""Tax ids of customers and of the account (docs.stripe.com/api/tax_ids). The emulator calls each of them verified."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.reactions import after
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.billing.changes import removed
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]


@after("customer.created")
def add_given(world: World, customer: Obj, call: Call | None) -> None:
    """The tax ids that a new customer comes with."""
    if call is None:
        return
    for data in call.params.get("tax_id_data") or ():
        _new(call, customer, data)


def _new(call: Call, customer: Obj | None, params: dict[str, Any]) -> Obj:
    kind, value = params["type"], params["value"]
    if not value or len(value) > 60:
        raise invalid(f"Invalid value for {kind}.", "value", "tax_id_invalid")
    owner = customer["id"] if customer else None
    tax_id = blank(
        "tax_id",
        id=call.world.ids.new("txi"),
        object="tax_id",
        country=value[:2].upper() if kind == "eu_vat" else kind.partition("_")[0].upper(),
        created=call.world.clock.seconds(),
        customer=owner,
        livemode=False,
        owner={"account": None, "application": None, "customer": owner, "type": "customer" if owner else "self"},
        type=kind,
        value=value,
        verification={"status": "verified", "verified_address": None, "verified_name": None},
    )
    call.world.store.add(tax_id, owner=owner)
    if owner:
        call.world.emit("customer.tax_id.created", tax_id, call)
    return tax_id


def create_customers(call: Call) -> Obj:
    return _new(call, customers.living(call, call.ids[0]), call.params)


def create(call: Call) -> Obj:
    owner = call.params.get("owner") or {"type": "self"}
    if owner["type"] == "customer":
        return _new(call, customers.living(call, owner.get("customer") or "", "owner[customer]"), call.params)
    return _new(call, None, call.params)


def retrieve(call: Call) -> Obj:
    return _found(call)


def delete(call: Call) -> Obj:
    tax_id = _found(call)
    answer = removed(call.world, tax_id)
    if tax_id["customer"]:
        call.world.emit("customer.tax_id.deleted", tax_id, call)
    return answer


def listed_customers(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    return list_of(call, "tax_id", lambda one: one["customer"] == customer["id"])


def listed(call: Call) -> Obj:
    owner = call.params.get("owner") or {"type": "self"}
    return list_of(call, "tax_id", lambda one: one["customer"] == owner.get("customer"))


def _found(call: Call) -> Obj:
    found = call.world.find("tax_id", call.ids[-1])
    if len(call.ids) == 2 and found["customer"] != call.ids[0]:
        raise missing_resource("tax_id", call.ids[-1][:200])
    return found


_PATH = "/v1/customers/{id}/tax_ids"
ROUTES = (
    Route("POST", _PATH, create_customers, "customer_create_tax_id"),
    Route("GET", _PATH, listed_customers, "tax_id_list"),
    Route("GET", f"{_PATH}/{{tax_id}}", retrieve),
    Route("DELETE", f"{_PATH}/{{tax_id}}", delete),
    Route("POST", "/v1/tax_ids", create, "tax_id_create"),
    Route("GET", "/v1/tax_ids", listed, "tax_id_list"),
    Route("GET", "/v1/tax_ids/{id}", retrieve),
    Route("DELETE", "/v1/tax_ids/{id}", delete),
)
