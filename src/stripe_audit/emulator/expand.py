"""``expand[]``: ids in an answer replaced by their objects (docs.stripe.com/api/expanding_objects)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.shapes import HELD, LISTS, OBJECTS
from stripe_audit.emulator.store import Obj, Store

__all__ = ["check_expand", "expand"]

DEEPEST = 4
_LISTED = {
    "line_items": "item",
    "payments": "invoice_payment",
    "refunds": "refund",
    "subscriptions": "subscription",
    "tax_ids": "tax_id",
}
"""What the lists that are shown on request hold."""


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
            if (
                name in {**LISTS.get(kind, {}), **HELD.get(kind, {})}
                and rest[0] == "data"
                and _is_expandable(targets, rest[1:])
            ):
                return True
    return False


def _fields(kind: str) -> Iterator[tuple[str, list[str]]]:
    yield from OBJECTS.get(kind, {}).get("expandable", {}).items()
    yield from LISTS.get(kind, {}).items()
    yield from HELD.get(kind, {}).items()


def _expanded(store: Store, node: Obj, parts: list[str]) -> Obj:
    name, rest = parts[0], parts[1:]
    if name == "data" and isinstance(node.get("data"), list):
        return {**node, "data": [_expanded(store, item, rest) for item in node["data"]] if rest else node["data"]}
    if name in LISTS.get(node.get("object", ""), {}):
        value: Any = node[name] if isinstance(node.get(name), dict) else _on_request(store, node, name)
    elif name not in node:  # a deleted customer's stub
        return node
    else:
        value = _held(store, node[name]) if name == "default_source" else _whole(store, node[name])
    if not rest:
        return {**node, name: value}
    if isinstance(value, list):
        return {**node, name: [_expanded(store, item, rest) if isinstance(item, dict) else item for item in value]}
    return {**node, name: _expanded(store, value, rest) if isinstance(value, dict) else value}


def _held(store: Store, value: Any) -> Any:
    """What a customer holds; its id is that of a payment method too."""
    for kind in ("card", "bank_account", "source"):
        found = store.get(kind, value) if isinstance(value, str) else None
        if found is not None:
            return found
    return value


def _whole(store: Store, value: Any) -> Any:
    """The objects that an id, or each id of a list, stands for."""
    if isinstance(value, list):
        return [_whole(store, item) for item in value]
    return store.by_id.get(value, value) if isinstance(value, str) else value


def _on_request(store: Store, node: Obj, name: str) -> Obj | None:
    if name == "confirmation_secret":
        return _confirmation_secret(store, node)
    if name == "sources":
        held = [one for one in _all_held(store) if one["customer"] == node["id"]][::-1]
        url = f"/v1/customers/{node['id']}/sources"
        return {"object": "list", "data": held[:10], "has_more": len(held) > 10, "url": url}
    kind = _LISTED.get(name)
    members = [one for one in store.members(kind, node["id"])[::-1] if one["id"] in store.by_id] if kind else []
    if name == "line_items":
        members.reverse()
    if name == "subscriptions":
        members = [one for one in members if one["status"] not in ("canceled", "incomplete_expired")]
    url = f"/v1/{node['object'].replace('.', '/')}s/{node['id']}/{name}"
    if name == "payments":
        url = f"/v1/invoice_payments?invoice={node['id']}"
    return {"object": "list", "data": members[:10], "has_more": len(members) > 10, "url": url}


def _all_held(store: Store) -> list[Obj]:
    return [one for kind in ("card", "bank_account", "source") for one in store.by_kind[kind].values()]


def _confirmation_secret(store: Store, invoice: Obj) -> Obj | None:
    """What the customer's browser confirms an invoice's payment with; null where nothing is to be paid."""
    for payment in reversed(store.members("invoice_payment", invoice["id"])):
        intent = store.by_id.get(payment["payment"]["payment_intent"] or "")
        if intent is not None and intent["status"] != "canceled":
            return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None


def _refused(path: str) -> ApiError:
    return invalid(f"This property cannot be expanded ({path}).", "expand")
