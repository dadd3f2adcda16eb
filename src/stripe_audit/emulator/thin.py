"""Thin events: the same changes as the snapshot events tell, without the object (docs.stripe.com/event-destinations).

A thin event is a view of its snapshot event, made when it is asked for. Its type is the snapshot event's with ``v1.``
before it; its id is ``evt_test_`` and the rest of the snapshot event's id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stripe_audit.emulator.store import Obj

__all__ = ["THIN_ONLY", "full", "notification", "snapshot_id", "timestamp", "type_of"]

_MARK = "evt_test_"
THIN_ONLY = frozenset({"v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"})
"""Types of which there is no snapshot event."""
_SINGLETONS = {"balance": "/v1/balance"}
_OWNED = {
    "bank_account": ("account", "/v1/accounts/{owner}/external_accounts/{id}"),
    "card": ("customer", "/v1/customers/{owner}/sources/{id}"),
    "cash_balance": ("customer", "/v1/customers/{owner}/cash_balance"),
    "customer_cash_balance_transaction": ("customer", "/v1/customers/{owner}/cash_balance_transactions/{id}"),
    "discount": ("customer", "/v1/customers/{owner}/discount"),
    "person": ("account", "/v1/accounts/{owner}/persons/{id}"),
    "tax_id": ("customer", "/v1/customers/{owner}/tax_ids/{id}"),
}
"""Objects that have no address of their own: the field that names their owner, and where they are found there."""


def type_of(type: str) -> str:
    """The thin event's type for a snapshot event's. Some have but one."""
    return type if type.startswith(("v1.", "v2.")) else f"v1.{type}"


def snapshot_id(identity: str) -> str:
    """The snapshot event's id; empty for what is no thin event's id."""
    return f"evt_{identity.removeprefix(_MARK)}" if identity.startswith(_MARK) else ""


def timestamp(seconds: float) -> str:
    """Unix seconds as v2 writes them: ``2026-11-24T19:44:43.000Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def notification(event: Obj) -> dict[str, Any]:
    """What is delivered."""
    request = event["request"] or {}
    reason = None
    if request.get("id"):
        reason = {"type": "request", "request": {"id": request["id"], "idempotency_key": request["idempotency_key"]}}
    return {
        "id": _MARK + event["id"].removeprefix("evt_"),
        "object": "v2.core.event",
        "type": type_of(event["type"]),
        "livemode": event["livemode"],
        "created": timestamp(event["created"]),
        "context": event.get("account"),
        "reason": reason,
        "related_object": _related(event["data"]["object"]),
    }


def full(event: Obj) -> dict[str, Any]:
    """What ``GET /v2/core/events/{id}`` answers."""
    if "thin_data" in event:  # there is no snapshot event of this kind
        return {**notification(event), "changes": None, "data": event["thin_data"]}
    return {**notification(event), "changes": None, "snapshot_event": event["id"]}


def _related(obj: Obj) -> dict[str, Any] | None:
    kind, identity = obj.get("object"), obj.get("id")
    if not isinstance(kind, str):
        return None
    if kind in _SINGLETONS:
        return {"type": kind, "url": _SINGLETONS[kind]}
    if not isinstance(identity, str):
        return None
    prefix = "/" if kind.startswith("v2.") else "/v1/"
    field, template = _OWNED.get(kind, ("", prefix + kind.replace(".", "/") + "s/{id}"))
    owner = obj.get(field)
    url = template.replace("{owner}", owner if isinstance(owner, str) else "").replace("{id}", identity)
    return {"id": identity, "type": kind, "url": url}
