"""Connected accounts: made, changed, disconnected (docs.stripe.com/api/accounts)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.accounts import account as own_account
from stripe_audit.emulator.resources.connect import external_accounts, persons
from stripe_audit.emulator.resources.connect.requirements import requirements
from stripe_audit.emulator.resources.connect.standing import accounts_of, connected, refresh, tell
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.scopes import Scope
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_PLAIN = ("business_type", "default_currency", "email", "groups")
_HASHES = ("business_profile", "tos_acceptance")
_SECRET = {"tax_id": "tax_id_provided", "vat_id": "vat_id_provided"}
_TYPES = {
    "custom": ("none", "application"),
    "express": ("express", "application"),
    "standard": ("full", "stripe"),
    "none": ("full", "stripe"),
}
"""By type: the dashboard, and who pays for losses."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if params.get("type") and params.get("controller"):
        raise invalid("You may not provide the `type` parameter and `controller` parameters simultaneously.", "type")
    kind = params.get("type") or ("none" if params.get("controller") else "standard")
    identity = f"acct_1{world.ids.text(15)}"
    account = blank(
        "account",
        id=identity,
        object="account",
        business_profile=dict.fromkeys(PARAMS["account_create"]["p"]["business_profile"]["p"]),
        capabilities={},
        charges_enabled=False,
        controller=_controller(kind, params.get("controller") or {}),
        country=params.get("country") or "US",
        created=world.clock.seconds(),
        default_currency="usd",
        details_submitted=False,
        external_accounts=_no_external_accounts(identity),
        future_requirements=requirements([]),
        metadata=merged({}, params.get("metadata") or {}),
        payouts_enabled=False,
        requirements=requirements([]),
        settings=_settings(),
        tos_acceptance={"date": None, "ip": None, "user_agent": None},
        type=kind,
    )
    world.store.add(account)
    world.scopes[identity] = Scope(identity)
    _take_in(call, account)
    refresh(world, call, account, is_new=True)
    return account


def retrieve(call: Call) -> Obj:
    if call.ids[0] == call.world.keys.account:
        return own_account(call)
    return connected(call)


def current(call: Call) -> Obj:
    """The account of the key, or of the ``Stripe-Account`` header."""
    return accounts_of(call.world).get(call.world.scope.account) or own_account(call)


def update(call: Call) -> Obj:
    account = connected(call)
    before = snapshot(account)
    previous = change(account, call.params, ())
    _take_in(call, account)
    refresh(call.world, call, account)
    previous |= {name: value for name, value in before.items() if account[name] != value and name != "metadata"}
    if previous:
        tell(call.world, "account.updated", account, call, account["id"], previous)
    return account


def delete(call: Call) -> Obj:
    """Disconnect. The account's objects go with it."""
    account, world = connected(call), call.world
    funds = world.scopes[account["id"]].funds
    if any(funds.available.values()) or any(funds.pending.values()):
        raise invalid(
            f"Account {account['id']} cannot be deleted: its balance is not zero. Pay it out, or reverse its transfers."
        )
    application = {"id": f"ca_{world.ids.text(24)}", "object": "application", "name": "Emulated platform"}
    tell(world, "account.application.deauthorized", application, call, account["id"])
    world.scopes[world.keys.account].store.remove(account)
    del world.scopes[account["id"]]
    return {"id": account["id"], "object": "account", "deleted": True}


def listed(call: Call) -> Obj:
    return list_of(call, "account", among=accounts_of(call.world).values())


def reject(call: Call) -> Obj:
    account = connected(call)
    before = {name: account[name] for name in ("charges_enabled", "payouts_enabled", "requirements")}
    account["requirements"] = {
        **account["requirements"],
        "disabled_reason": f"rejected.{_reason(call.params['reason'])}",
    }
    account.update(charges_enabled=False, payouts_enabled=False)
    tell(call.world, "account.updated", account, call, account["id"], before)
    return account


def _reason(reason: str) -> str:
    return "fraud" if reason.startswith("fraud") else reason


def _take_in(call: Call, account: Obj) -> None:
    """What a call tells of an account, beside its metadata."""
    params = call.params
    for name in _PLAIN:
        if params.get(name) is not None:
            account[name] = params[name]
    for name in _HASHES:
        if params.get(name):
            account[name] = {**account[name], **params[name]}
    for group, values in (params.get("settings") or {}).items():
        known = account["settings"].get(group) or {}
        account["settings"] = {**account["settings"], group: {**known, **values}}
    for name, wish in (params.get("capabilities") or {}).items():
        _ask_for(account, name, _is_true(wish.get("requested") if isinstance(wish, dict) else wish))
    if params.get("company"):
        account["company"] = {**(account["company"] or _company()), **_told(params["company"])}
    if params.get("individual"):
        persons.tell_of_individual(call, account, params["individual"])
    if params.get("external_account"):
        external_accounts.add(call, account, params["external_account"], "external_account")


def _ask_for(account: Obj, name: str, is_requested: bool) -> None:
    capabilities = dict(account["capabilities"])
    if is_requested:
        capabilities.setdefault(name, "inactive")
    else:
        capabilities.pop(name, None)
    account["capabilities"] = capabilities


def _is_true(value: Any) -> bool:
    return value in (True, "true")


def _told(company: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in company.items() if name not in _SECRET}
    return {**shown, **{_SECRET[name]: True for name in company if name in _SECRET}}


def _company() -> Obj:
    return {"name": None, "phone": None, "tax_id_provided": False, "vat_id_provided": False}


def _controller(kind: str, given: dict[str, Any]) -> Obj:
    dashboard, losses = _TYPES[kind]
    return {
        "fees": {"payer": given.get("fees", {}).get("payer", "account")},
        "is_controller": True,
        "losses": {"payments": given.get("losses", {}).get("payments", losses)},
        "requirement_collection": given.get("requirement_collection", "application" if kind == "custom" else "stripe"),
        "stripe_dashboard": {"type": given.get("stripe_dashboard", {}).get("type", dashboard)},
        "type": "application",
    }


def _settings() -> Obj:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": None},
        "payouts": {
            "debit_negative_balances": False,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }


def _no_external_accounts(identity: str) -> Obj:
    return {"object": "list", "data": [], "has_more": False, "url": f"/v1/accounts/{identity}/external_accounts"}


ROUTES = (
    Route("GET", "/v1/account", current),
    Route("POST", "/v1/accounts", create, "account_create"),
    Route("GET", "/v1/accounts", listed, "account_list"),
    Route("GET", "/v1/accounts/{id}", retrieve),
    Route("POST", "/v1/accounts/{id}", update, "account_update"),
    Route("DELETE", "/v1/accounts/{id}", delete),
    Route("POST", "/v1/accounts/{id}/reject", reject, "account_reject", about="account"),
)
