"""Persons of connected accounts: owners, directors, representatives (docs.stripe.com/api/persons)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.connect.requirements import requirements
from stripe_audit.emulator.resources.connect.standing import connected, live_persons, refresh, tell
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "tell_of_individual"]

_FIELDS = (
    "address",
    "dob",
    "email",
    "first_name",
    "full_name_aliases",
    "gender",
    "last_name",
    "maiden_name",
    "nationality",
    "phone",
    "political_exposure",
    "registered_address",
)
_ROLES = (
    "authorizer",
    "director",
    "executive",
    "legal_guardian",
    "owner",
    "percent_ownership",
    "representative",
    "title",
)
_SECRET = {
    "id_number": "id_number_provided",
    "id_number_secondary": "id_number_secondary_provided",
    "ssn_last_4": "ssn_last_4_provided",
}


def tell_of_individual(call: Call, account: Obj, given: dict[str, Any]) -> None:
    """The one person of an individual's account."""
    if account["individual"] is None:
        account["individual"] = _new(call, account, {**given, "relationship": {"representative": True}})
    else:
        account["individual"] = {**account["individual"], **_told(given)}


def create(call: Call) -> Obj:
    account = connected(call)
    person = _new(call, account, call.params)
    _follow(call, account)
    return person


def retrieve(call: Call) -> Obj:
    return _known(call, connected(call))


def listed(call: Call) -> Obj:
    account = connected(call)
    roles = call.params.get("relationship") or {}
    members = live_persons(call.world, account["id"])
    return list_of(
        call,
        "person",
        lambda person: all(bool(person["relationship"][role]) == wanted for role, wanted in roles.items()),
        among=members,
    )


def update(call: Call) -> Obj:
    account = connected(call)
    person = _known(call, account)
    values = {name: value for name, value in call.params.items() if name != "relationship"}
    previous = change(person, {**values, **_told(values)}, (*_FIELDS, *_SECRET.values()))
    roles = {**person["relationship"], **(call.params.get("relationship") or {})}
    if roles != person["relationship"]:
        previous["relationship"] = {
            role: value for role, value in person["relationship"].items() if roles[role] != value
        }
        person["relationship"] = roles
    if previous:
        tell(call.world, "person.updated", person, call, account["id"], previous)
        _follow(call, account)
    return person


def delete(call: Call) -> Obj:
    account = connected(call)
    person = _known(call, account)
    call.world.scopes[call.world.keys.account].store.remove(person)
    tell(call.world, "person.deleted", person, call, account["id"])
    _follow(call, account)
    return {"id": person["id"], "object": "person", "deleted": True}


def _new(call: Call, account: Obj, given: dict[str, Any]) -> Obj:
    world = call.world
    person = blank(
        "person",
        id=world.ids.new("person"),
        object="person",
        account=account["id"],
        created=world.clock.seconds(),
        future_requirements=_due(),
        metadata=merged({}, given.get("metadata") or {}),
        relationship={**dict.fromkeys(_ROLES, False), "percent_ownership": None, "title": None}
        | (given.get("relationship") or {}),
        requirements=_due(),
        verification={"details": None, "details_code": None, "status": "verified"},
    )
    person.update(dict.fromkeys(_SECRET.values(), False))
    person.update(_told(given))
    world.scopes[world.keys.account].store.add(person, owner=account["id"])
    tell(world, "person.created", person, call, account["id"])
    return person


def _told(given: dict[str, Any]) -> dict[str, Any]:
    shown = {name: given[name] for name in _FIELDS if name in given}
    return {**shown, **{_SECRET[name]: True for name in _SECRET if given.get(name)}}


def _due() -> Obj:
    nothing = requirements([])
    return {name: value for name, value in nothing.items() if name not in ("current_deadline", "disabled_reason")}


def _known(call: Call, account: Obj) -> Obj:
    for person in live_persons(call.world, account["id"]):
        if person["id"] == call.ids[1]:
            return person
    raise missing_resource("person", call.ids[1][:100], "person")


def _follow(call: Call, account: Obj) -> None:
    previous = refresh(call.world, call, account)
    if previous:
        tell(call.world, "account.updated", account, call, account["id"], previous)


ROUTES = (
    Route("POST", "/v1/accounts/{id}/persons", create, "account_person_create"),
    Route("GET", "/v1/accounts/{id}/persons", listed, "account_person_list"),
    Route("GET", "/v1/accounts/{id}/persons/{id}", retrieve),
    Route("POST", "/v1/accounts/{id}/persons/{id}", update, "account_person_update"),
    Route("DELETE", "/v1/accounts/{id}/persons/{id}", delete),
)
