"""Webhook events, listed and retrieved (docs.stripe.com/api/events)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

MOST_TYPES = 20
"""docs.stripe.com/api/events/list: ``types`` takes up to 20."""


def retrieve(call: Call) -> Obj:
    return call.world.find("event", call.ids[0])


def listed(call: Call) -> Obj:
    one, several = call.params.get("type"), call.params.get("types")
    if one and several:
        raise invalid("You may only specify one of these parameters: type, types.", "type")
    if several and len(several) > MOST_TYPES:
        raise invalid(f"You can list at most {MOST_TYPES} types.", "types")
    wanted = several or ([one] if one else ["*"])
    is_delivered = call.params.get("delivery_success")

    def matches(event: Obj) -> bool:
        if event["type"].startswith(("v1.", "v2.")):
            return False
        if is_delivered is not None and is_delivered == bool(event["pending_webhooks"]):
            return False
        return any(fnmatchcase(event["type"], pattern) for pattern in wanted)

    events = call.world.store.events
    page = list_of(call, "event", matches, among=events.outlines())
    return {**page, "data": [events[one["id"]] for one in page["data"]]}


ROUTES = (
    Route("GET", "/v1/events", listed, "event_list"),
    Route("GET", "/v1/events/{id}", retrieve),
)
