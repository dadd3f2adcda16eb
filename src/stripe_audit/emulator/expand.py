"""``expand[]``: ids in an answer replaced by their objects (docs.stripe.com/api/expanding_objects)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.store import Obj, Store

__all__ = ["expand"]

DEEPEST = 4
_LISTS = {("charge", "refunds"), ("customer", "sources"), ("customer", "subscriptions"), ("customer", "tax_ids")}
"""Lists that are left out unless they are asked for."""


def expand(store: Store, answer: Obj, paths: list[str]) -> Obj:
    """A copy of ``answer`` with these paths expanded; what is stored is not touched.

    Raises ApiError 400 for a path that is too deep or names something that cannot be expanded.
    """
    for path in paths:
        parts = (path or "").split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        answer = _expanded(store, answer, parts, path)
    return answer


def _expanded(store: Store, node: Obj, parts: list[str], path: str) -> Obj:
    name, rest = parts[0], parts[1:]
    if name == "data" and isinstance(node.get("data"), list):
        if not rest:
            raise _refused(path)
        return {**node, "data": [_expanded(store, item, rest, path) for item in node["data"]]}
    if name not in node and (node.get("object"), name) not in _LISTS:
        raise _refused(path)
    value = _resolved(store, node, name, path)
    if rest and isinstance(value, dict):
        value = _expanded(store, value, rest, path)
    return {**node, name: value}


def _resolved(store: Store, node: Obj, name: str, path: str) -> Any:
    if (node.get("object"), name) in _LISTS and not isinstance(node.get(name), dict):
        return _list_of(store, node, name)
    value = node[name]
    if value is None or isinstance(value, dict):
        return value
    found = store.by_id.get(value) if isinstance(value, str) else None
    if found is None:
        raise _refused(path)
    return found


def _list_of(store: Store, node: Obj, name: str) -> Obj:
    members = store.members("refund", node["id"])[::-1] if name == "refunds" else []
    owner = "charges" if node["object"] == "charge" else "customers"
    url = f"/v1/{owner}/{node['id']}/{name}"
    return {"object": "list", "data": members[:10], "has_more": len(members) > 10, "url": url}


def _refused(path: str) -> ApiError:
    return invalid(f"This property cannot be expanded ({path}).", "expand")
