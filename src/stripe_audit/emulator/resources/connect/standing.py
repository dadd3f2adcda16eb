"""What follows from what is known of an account: capabilities, charges, payouts, and the events about that."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, missing_resource
from stripe_audit.emulator.resources.connect.requirements import due, requirements
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["accounts_of", "capability", "connected", "live_persons", "refresh", "tell"]

_CAPABILITIES = frozenset(PARAMS["account_create"]["p"]["capabilities"]["p"])


def accounts_of(world: World) -> dict[str, Obj]:
    """All connected accounts by id. They are objects of the platform."""
    return world.scopes[world.keys.account].store.by_kind["account"]


def connected(call: Call) -> Obj:
    """The connected account of the path. Raises ApiError 403 as for one that the key has no access to."""
    identity = call.ids[0]
    account = accounts_of(call.world).get(identity)
    if account is None or call.world.scope.account not in (call.world.keys.account, identity):
        raise ApiError(
            f"The provided key does not have access to account '{identity[:100]}' (or that account does not exist). "
            "Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return account


def tell(
    world: World, type: str, obj: Obj, call: Call | None, account: str, previous: dict[str, Any] | None = None
) -> None:
    """An event about a connected account. It is listed with the platform's own, and goes to all its endpoints."""
    with world.within(world.keys.account):
        world.emit(type, obj, call, previous=previous, account=account)


def live_persons(world: World, account: str) -> list[Obj]:
    """The persons of an account that were not deleted."""
    store = world.scopes[world.keys.account].store
    return [person for person in store.members("person", account) if person["id"] in store.by_id]


def refresh(world: World, call: Call | None, account: Obj, *, is_new: bool = False) -> dict[str, Any]:
    """Set what follows from the rest, and tell of changed capabilities: of all, where the account is new.

    Returns what changed in the account.
    """
    missing = due(account, live_persons(world, account["id"]))
    is_done = not missing
    capabilities = dict.fromkeys(account["capabilities"], "active" if is_done else "inactive")
    may_charge = is_done and (not capabilities or "card_payments" in capabilities)
    values = {
        "capabilities": capabilities,
        "charges_enabled": may_charge,
        "details_submitted": is_done,
        "payouts_enabled": is_done,
        "requirements": requirements(missing),
    }
    before = {name: snapshot(account[name]) for name in values}
    account.update(values)
    for name, status in before["capabilities"].items():
        previous = {"requested": False, "status": "unrequested"} if is_new else {"status": status}
        if is_new or capabilities[name] != status:
            tell(world, "capability.updated", capability(account, name), call, account["id"], previous)
    return {name: value for name, value in before.items() if account[name] != value}


def capability(account: Obj, name: str) -> Obj:
    """One capability of an account. Raises ApiError 404 for one that does not exist."""
    if name not in _CAPABILITIES:
        raise missing_resource("capability", name[:100], "capability")
    status = account["capabilities"].get(name)
    missing = account["requirements"]["currently_due"] if status else []
    return blank(
        "capability",
        id=name,
        object="capability",
        account=account["id"],
        future_requirements=requirements([]),
        requested=status is not None,
        requested_at=account["created"] if status else None,
        requirements={**requirements(missing), "disabled_reason": "requirements.fields_needed" if missing else None},
        status=status or "unrequested",
    )
