"""``expand[]``: ids in an answer replaced by their objects (docs.stripe.com/api/expanding_objects)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.shapes import LISTS, OBJECTS
from stripe_audit.emulator.store import Obj, Store

__all__ = ["check_expand", "expand"]

DEEPEST = 4


def check_expand(kind: str, paths: list[str], *, is_list: bool, is_customer: bool) -> None:
    """Refuse paths that name nothing expandable in a ``kind``, before the call has any effect.

    Raises ApiError 400. The customer's browser may only expand the payment method: it would see others' data.
    """
    for path in paths:
        if is_customer and path != "payment_method":
            raise invalid(f"This property cannot be expanded with a publishable key ({path}).", "expand")
        parts = path.split(".")
        if is_list and parts[0] == "data" and len(parts) > 1:
            parts = parts[1:]
        elif is_list:
            raise _refused(path)
        if len(parts) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        if not _is_expandable([kind], parts):
            raise _refused(path)


def expand(store: Store, answer: Obj, paths: list[str]) -> Obj:
    """A copy of ``answer`` with these paths, which ``check_expand`` let pass, expanded; the store is not touched."""
    for path in paths:
        answer = _expanded(store, answer, path.split("."))
    return answer


def _is_expandable(kinds: list[str], parts: list[str]) -> bool:
    if not parts:
        return True
    for kind in kinds:
        for name, targets in _fields(kind):
            here = name.split(".")
            rest = parts[len(here) :]
            if parts[: len(here)] != here:
                continue
            if not rest or _is_expandable(targets, rest):
                return True
            if name in LISTS.get(kind, {}) and rest[0] == "data" and _is_expandable(targets, rest[1:]):
                return True
    return False


def _fields(kind: str) -> Iterator[tuple[str, list[str]]]:
    yield from OBJECTS.get(kind, {}).get("expandable", {}).items()
    yield from LISTS.get(kind, {}).items()


def _expanded(store: Store, node: Obj, parts: list[str]) -> Obj:
    name, rest = parts[0], parts[1:]
    if name == "data" and isinstance(node.get("data"), list):
        return {**node, "data": [_expanded(store, item, rest) for item in node["data"]] if rest else node["data"]}
    if name in LISTS.get(node.get("object", ""), {}):
        value: Any = node[name] if isinstance(node.get(name), dict) else _list_of(store, node, name)
    elif name not in node:  # a deleted customer's stub
        return node
    else:
        value = node[name]
        value = store.by_id.get(value, value) if isinstance(value, str) else value
    return {**node, name: _expanded(store, value, rest) if rest and isinstance(value, dict) else value}


def _list_of(store: Store, node: Obj, name: str) -> Obj:
    members = store.members("refund", node["id"])[::-1] if name == "refunds" else []
    url = f"/v1/{node['object']}s/{node['id']}/{name}"
    return {"object": "list", "data": members[:10], "has_more": len(members) > 10, "url": url}


def _refused(path: str) -> ApiError:
    return invalid(f"This property cannot be expanded ({path}).", "expand")
