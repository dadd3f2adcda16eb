"""Thin events, listed and retrieved (docs.stripe.com/api/v2/core/events)."""

from __future__ import annotations

import operator
from datetime import datetime
from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.resources.v2_pages import page_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.thin import full, snapshot_id, type_of
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

MOST_TYPES = 20
_BOUNDS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
PARAMS["v2_event_list"] = {
    "p": {
        "created": {"p": dict.fromkeys(_BOUNDS, "s")},
        "limit": "i",
        "object_id": "s",
        "page": "s",
        "types": {"l": "s"},
    }
}


def retrieve(call: Call) -> Obj:
    event = call.world.store.get("event", snapshot_id(call.ids[0]))
    if event is None:
        raise missing_resource("v2.core.event", call.ids[0][:200])
    return full(event)


def listed(call: Call) -> Obj:
    params = call.params
    types = params.get("types") or []
    if len(types) > MOST_TYPES:
        raise invalid(f"You can list at most {MOST_TYPES} types.", "types")
    bounds = [(_BOUNDS[name], _seconds(text, name)) for name, text in (params.get("created") or {}).items()]
    wanted = params.get("object_id")
    events = call.world.store.events
    found = [
        one["id"]
        for one in reversed(events.outlines())
        if (not types or type_of(one["type"]) in types)
        and (not wanted or one["about"] == wanted)
        and all(holds(one["created"], bound) for holds, bound in bounds)
    ]
    page = page_of(call, found)
    return {**page, "data": [full(events[identity]) for identity in page["data"]]}


def _seconds(text: Any, name: str) -> float:
    try:
        moment = datetime.fromisoformat(str(text))
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise invalid(f"Invalid timestamp: {str(text)[:50]}", f"created[{name}]") from None


ROUTES = (
    Route("GET", "/v2/core/events", listed, "v2_event_list"),
    Route("GET", "/v2/core/events/{id}", retrieve),
)
