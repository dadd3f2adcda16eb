"""Cards and bank accounts of customers, the old way (docs.stripe.com/api/cards, /customer_bank_accounts)."""

from __future__ import annotations

from stripe_audit.emulator.errors import ApiError, invalid, missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.resources.sources import holding
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_CARD_FIELDS = (
    "address_city",
    "address_country",
    "address_line1",
    "address_line2",
    "address_state",
    "address_zip",
    "exp_month",
    "exp_year",
    "name",
)
_ACCOUNT_FIELDS = ("account_holder_name", "account_holder_type")
_RIGHT_AMOUNTS = [32, 45]
"""docs.stripe.com/testing: the micro-deposits that verify a bank account."""


def create(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    source = call.params["source"]
    if not isinstance(source, str):
        raise invalid("Invalid string", "source")
    return holding.add(call, customer, source, call.params.get("metadata"))


def _found(call: Call) -> tuple[Obj, Obj]:
    customer = customers.living(call, call.ids[0])
    for kind in holding.KINDS:
        held = call.world.store.get(kind, call.ids[1])
        if held is not None and held["customer"] == customer["id"]:
            return customer, held
    raise missing_resource("source", call.ids[1][:200])


def retrieve(call: Call) -> Obj:
    return _found(call)[1]


def update(call: Call) -> Obj:
    _, held = _found(call)
    params = dict(call.params)
    for name in ("exp_month", "exp_year"):
        if name in params:
            if not str(params[name]).isdecimal() or len(str(params[name])) > 4:
                raise invalid(f"Invalid integer: {str(params[name])[:50]}", name, "parameter_invalid_integer")
            params[name] = int(params[name])
    fields = {"card": _CARD_FIELDS, "bank_account": _ACCOUNT_FIELDS}.get(held["object"], ())
    previous = change(held, params, fields)
    if held["object"] == "source" and params.get("owner"):
        previous["owner"] = held["owner"]
        held["owner"] = {**held["owner"], **params["owner"]}
    method = call.world.store.get("payment_method", held["id"])
    if method is not None and held["object"] == "card":
        method["card"] = {**method["card"], **{name: held[name] for name in ("exp_month", "exp_year")}}
    if previous:
        call.world.emit("customer.source.updated", held, call, previous=previous)
    return held


def delete(call: Call) -> Obj:
    customer, held = _found(call)
    holding.drop(call, customer, held)
    if held["object"] == "source":
        return held
    return {"id": held["id"], "object": held["object"], "deleted": True}


def verify(call: Call) -> Obj:
    _, held = _found(call)
    if held["object"] != "bank_account":
        raise invalid("Only bank accounts can be verified.", "id")
    if held["status"] == "verified":
        raise ApiError("This bank account has already been verified.", code="bank_account_verified")
    if sorted(call.params.get("amounts") or ()) != _RIGHT_AMOUNTS:
        raise ApiError(
            "The amounts provided do not match the amounts that were sent to the bank account.",
            code="bank_account_verification_failed",
        )
    before, held["status"] = held["status"], "verified"
    call.world.emit("customer.source.updated", held, call, previous={"status": before})
    return held


def listed(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    wanted = call.params.get("object")
    held = [one for one in holding.held_by(call.world, customer) if wanted in (None, one["object"])][::-1]
    kind = wanted if wanted in holding.KINDS else "card"
    cursor = call.params.get("starting_after") or call.params.get("ending_before")
    if cursor and wanted is None:
        kind = next((one["object"] for one in held if one["id"] == cursor), "card")
    return list_of(call, kind, among=held)


_ABOUT = "card"
_PATH = "/v1/customers/{id}/sources"
ROUTES = (
    Route("POST", _PATH, create, "customer_create_source", about=_ABOUT),
    Route("GET", _PATH, listed, "customer_list_sources", about=_ABOUT),
    Route("GET", f"{_PATH}/{{source}}", retrieve, about=_ABOUT),
    Route("POST", f"{_PATH}/{{source}}", update, "customer_payment_source_update", about=_ABOUT),
    Route("DELETE", f"{_PATH}/{{source}}", delete, about=_ABOUT),
    Route("POST", f"{_PATH}/{{source}}/verify", verify, "customer_payment_source_verify", about=_ABOUT),
)
