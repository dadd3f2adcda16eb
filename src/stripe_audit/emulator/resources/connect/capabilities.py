"""Capabilities of connected accounts (docs.stripe.com/api/capabilities)."""

from __future__ import annotations

from stripe_audit.emulator.resources.connect.standing import capability, connected, refresh, tell
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]


def retrieve(call: Call) -> Obj:
    return capability(connected(call), call.ids[1])


def listed(call: Call) -> Obj:
    account = connected(call)
    data = [capability(account, name) for name in sorted(account["capabilities"])]
    return {"object": "list", "data": data, "has_more": False, "url": call.path}


def update(call: Call) -> Obj:
    """Ask for a capability, or give it up."""
    account, name = connected(call), call.ids[1]
    before = capability(account, name)
    is_requested = call.params.get("requested", before["requested"])
    if is_requested == before["requested"]:
        return before
    known = account["capabilities"]
    account["capabilities"] = (
        {**known, name: "inactive"} if is_requested else {k: v for k, v in known.items() if k != name}
    )
    previous = {"capabilities": {name: known.get(name)}, **refresh(call.world, call, account)}
    after = capability(account, name)
    changed = {field: before[field] for field in ("requested", "status") if before[field] != after[field]}
    tell(call.world, "capability.updated", after, call, account["id"], changed)
    tell(call.world, "account.updated", account, call, account["id"], previous)
    return after


ROUTES = (
    Route("GET", "/v1/accounts/{id}/capabilities", listed, "account_list_capabilities", about="capability"),
    Route("GET", "/v1/accounts/{id}/capabilities/{id}", retrieve, about="capability"),
    Route("POST", "/v1/accounts/{id}/capabilities/{id}", update, "account_capability_update", about="capability"),
)
