"""Bank accounts of connected accounts (docs.stripe.com/api/external_accounts)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.connect.standing import connected, refresh, tell
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.money.bank_accounts import new_bank_account, token_number
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "add"]

_FIELDS = ("account_holder_name", "account_holder_type", "account_type")


def add(call: Call, account: Obj, given: Any, param: str) -> Obj:
    """A bank account from a token, or from its number. Raises ApiError 400 for cards and unknown tokens."""
    details = given if isinstance(given, dict) else {}
    if details.get("object") == "card" or str(given).startswith(("tok_", "card_")):
        raise invalid("The emulator pays out to bank accounts only: pass a bank account or its token.", param)
    number = details.get("account_number") if details else token_number(str(given))
    if number is None:
        raise missing_resource("token", str(given)[:100], param, status=400)
    currency = details.get("currency") or "usd"
    known = account["external_accounts"]["data"]
    is_first = not any(one["currency"] == currency for one in known)
    values = {name: details.get(name) for name in _FIELDS}
    if details.get("routing_number"):
        values["routing_number"] = details["routing_number"]
    with call.world.within(account["id"]):
        added = new_bank_account(
            call.world,
            number,
            account["id"],
            country=details.get("country") or account["country"],
            currency=currency,
            default_for_currency=is_first,
            **values,
        )
    _show(account, [*known, added])
    tell(call.world, "account.external_account.created", added, call, account["id"])
    return added


def create(call: Call) -> Obj:
    account = connected(call)
    added = add(call, account, call.params["external_account"], "external_account")
    if "metadata" in call.params:
        added["metadata"] = merged({}, call.params["metadata"] or {})
    if call.params.get("default_for_currency"):
        _prefer(account, added)
    _follow(call, account)
    return added


def retrieve(call: Call) -> Obj:
    return _known(call, connected(call))


def listed(call: Call) -> Obj:
    account = connected(call)
    with call.world.within(account["id"]):
        return list_of(call, "bank_account", among=account["external_accounts"]["data"])


def update(call: Call) -> Obj:
    account = connected(call)
    known = _known(call, account)
    previous = change(known, call.params, _FIELDS)
    if call.params.get("default_for_currency") and not known["default_for_currency"]:
        previous["default_for_currency"] = False
        _prefer(account, known)
    if previous:
        tell(call.world, "account.external_account.updated", known, call, account["id"], previous)
    return known


def delete(call: Call) -> Obj:
    account = connected(call)
    known = _known(call, account)
    if known["default_for_currency"] and len(account["external_accounts"]["data"]) > 1:
        raise invalid(
            "You cannot delete the default external account for your default currency. Please make another external "
            "account the default using the `default_for_currency` param, and then delete this one."
        )
    with call.world.within(account["id"]):
        call.world.store.remove(known)
    _show(account, [one for one in account["external_accounts"]["data"] if one is not known])
    tell(call.world, "account.external_account.deleted", known, call, account["id"])
    _follow(call, account)
    return {"id": known["id"], "object": "bank_account", "deleted": True, "currency": known["currency"]}


def _known(call: Call, account: Obj) -> Obj:
    for one in account["external_accounts"]["data"]:
        if one["id"] == call.ids[1]:
            found: Obj = one
            return found
    raise missing_resource("external account", call.ids[1][:100])


def _prefer(account: Obj, chosen: Obj) -> None:
    for one in account["external_accounts"]["data"]:
        if one["currency"] == chosen["currency"]:
            one["default_for_currency"] = one is chosen


def _show(account: Obj, members: list[Obj]) -> None:
    account["external_accounts"] = {**account["external_accounts"], "data": members}


def _follow(call: Call, account: Obj) -> None:
    previous = refresh(call.world, call, account)
    if previous:
        tell(call.world, "account.updated", account, call, account["id"], previous)


ROUTES = (
    Route(
        "POST",
        "/v1/accounts/{id}/external_accounts",
        create,
        "account_external_account_create",
        about="bank_account",
    ),
    Route("GET", "/v1/accounts/{id}/external_accounts", listed, "account_external_account_list", about="bank_account"),
    Route("GET", "/v1/accounts/{id}/external_accounts/{id}", retrieve, about="bank_account"),
    Route(
        "POST",
        "/v1/accounts/{id}/external_accounts/{id}",
        update,
        "account_external_account_update",
        about="bank_account",
    ),
    Route("DELETE", "/v1/accounts/{id}/external_accounts/{id}", delete, about="bank_account"),
)
