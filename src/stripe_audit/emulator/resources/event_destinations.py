"""Event destinations, which receive thin or snapshot events (docs.stripe.com/api/v2/core/event_destinations)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.metadata import merged
from stripe_audit.emulator.resources.v2_pages import page_of
from stripe_audit.emulator.resources.webhook_endpoints import MOST, check_url
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.thin import THIN_ONLY, notification, timestamp
from stripe_audit.emulator.versions import is_version
from stripe_audit.emulator.world import Call

__all__ = ["KIND", "ROUTES"]

KIND = "v2.core.event_destination"
_SHOWABLE = ["webhook_endpoint.signing_secret", "webhook_endpoint.url"]
_INCLUDE = {"l": {"e": _SHOWABLE}}
_TARGET = {"p": {"url": "s"}, "r": ["url"]}
_HIDDEN = ("url", "api_version")
"""What the delivery queue needs to know of a destination, and its object does not show."""
_SNAPSHOT_TYPES = frozenset(PARAMS["webhook_endpoint_create"]["p"]["enabled_events"]["l"]["e"])

PARAMS["event_destination_create"] = {
    "p": {
        "description": "s",
        "enabled_events": {"l": "s"},
        "event_payload": {"e": ["snapshot", "thin"]},
        "events_from": {"l": "s"},
        "include": _INCLUDE,
        "metadata": "m",
        "name": "s",
        "snapshot_api_version": "s",
        "type": {"e": ["amazon_eventbridge", "azure_event_grid", "webhook_endpoint"]},
        "webhook_endpoint": _TARGET,
    },
    "r": ["enabled_events", "event_payload", "name", "type"],
}
PARAMS["event_destination_update"] = {
    "p": {
        "description": "s",
        "enabled_events": {"l": "s"},
        "include": _INCLUDE,
        "metadata": "m",
        "name": "s",
        "webhook_endpoint": _TARGET,
    }
}
PARAMS["event_destination_list"] = {"p": {"include": _INCLUDE, "limit": "i", "page": "s"}}
PARAMS["event_destination_retrieve"] = {"p": {"include": _INCLUDE}}
PARAMS["event_destination_act"] = {"p": {"include": _INCLUDE}}


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    _check(params)
    if sum(len(world.store.by_kind[kind]) for kind in (KIND, "webhook_endpoint")) >= MOST:
        raise invalid(f"You have reached the maximum of {MOST} event destinations.")
    secret, now = f"whsec_{world.ids.text(32)}", timestamp(world.clock.now())
    is_thin, url = params["event_payload"] == "thin", params["webhook_endpoint"]["url"]
    destination: Obj = {
        "id": world.ids.new("ed_test"),
        "object": KIND,
        "amazon_eventbridge": None,
        "azure_event_grid": None,
        "created": now,
        "description": params.get("description") or "",
        "enabled_events": params["enabled_events"],
        "event_payload": params["event_payload"],
        "events_from": params.get("events_from") or ["@self"],
        "livemode": False,
        "metadata": merged({}, params.get("metadata") or {}),
        "name": params["name"],
        "snapshot_api_version": None if is_thin else params.get("snapshot_api_version") or world.config.api_version,
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": now,
        "webhook_endpoint": {"signing_secret": None, "url": None},
        "url": url,
    }
    destination["api_version"] = destination["snapshot_api_version"]
    world.deliveries.sender.secrets[destination["id"]] = [secret]
    world.store.add(destination)
    return _shown(call, destination, secret=secret)


def retrieve(call: Call) -> Obj:
    return _shown(call, _found(call))


def update(call: Call) -> Obj:
    destination, params = _found(call), call.params
    if "enabled_events" in params:
        _check_types(params["enabled_events"], destination["event_payload"])
        destination["enabled_events"] = params["enabled_events"]
    if params.get("webhook_endpoint"):
        check_url(params["webhook_endpoint"]["url"])
        destination["url"] = params["webhook_endpoint"]["url"]
    for name in ("description", "name"):
        if name in params:
            destination[name] = params[name] or ""
    if params.get("metadata"):
        destination["metadata"] = merged(destination["metadata"], params["metadata"])
    return _touched(call, destination)


def delete(call: Call) -> Obj:
    destination = _found(call)
    call.world.store.remove(destination)
    destination["status"] = "disabled"
    return {"id": destination["id"], "object": KIND}


def disable(call: Call) -> Obj:
    destination = _found(call)
    destination.update(status="disabled", status_details={"disabled": {"reason": "user"}})
    return _touched(call, destination)


def enable(call: Call) -> Obj:
    destination = _found(call)
    destination.update(status="enabled", status_details=None)
    return _touched(call, destination)


def ping(call: Call) -> Obj:
    """Send a ``v2.core.event_destination.ping``, whatever the destination listens to."""
    destination, world = _found(call), call.world
    shown = {name: value for name, value in destination.items() if name not in _HIDDEN}
    event = world.store.events[world.emit(f"{KIND}.ping", shown, call, is_delivered=False)]
    if destination["status"] == "enabled":
        world.deliveries.again(event, destination, world.lineage(shown))
    return notification(event)


def listed(call: Call) -> Obj:
    found = reversed(call.world.store.by_kind[KIND].values())
    return page_of(call, [_shown(call, destination) for destination in found])


def _found(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def _touched(call: Call, destination: Obj) -> Obj:
    destination["updated"] = timestamp(call.world.clock.now())
    return _shown(call, destination)


def _shown(call: Call, destination: Obj, *, secret: str | None = None) -> Obj:
    """Address and secret are shown only where they are asked for; the secret only once."""
    wanted = call.params.get("include") or []
    values = {"signing_secret": secret, "url": destination["url"]}
    target = {name: value if f"webhook_endpoint.{name}" in wanted else None for name, value in values.items()}
    public = {name: value for name, value in destination.items() if name not in _HIDDEN}
    return {**public, "webhook_endpoint": target}


def _check(params: dict[str, Any]) -> None:
    if params["type"] != "webhook_endpoint":
        raise ApiError(f"The emulator delivers to webhook endpoints only, not to {params['type']}; Stripe may.")
    if not params.get("webhook_endpoint"):
        raise invalid("Missing required param: webhook_endpoint.", "webhook_endpoint", "parameter_missing")
    check_url(params["webhook_endpoint"]["url"])
    version = params.get("snapshot_api_version")
    if version is not None and (params["event_payload"] == "thin" or not is_version(version)):
        raise invalid("snapshot_api_version must be an API version, for snapshot events only.", "snapshot_api_version")
    _check_types(params["enabled_events"], params["event_payload"])


def _check_types(types: list[str] | None, payload: str) -> None:
    if not types:
        raise invalid("Missing required param: enabled_events.", "enabled_events", "parameter_missing")
    for type in types:
        is_thin = type.startswith("v2.") or type in THIN_ONLY or type.removeprefix("v1.") in _SNAPSHOT_TYPES - {type}
        is_known = is_thin if payload == "thin" else type in _SNAPSHOT_TYPES
        if type != "*" and not is_known:
            raise invalid(f"Unknown {payload} event type: {type[:100]}", "enabled_events")


_BASE = "/v2/core/event_destinations"
ROUTES = (
    Route("POST", _BASE, create, "event_destination_create"),
    Route("GET", _BASE, listed, "event_destination_list"),
    Route("GET", f"{_BASE}/{{id}}", retrieve, "event_destination_retrieve"),
    Route("POST", f"{_BASE}/{{id}}", update, "event_destination_update"),
    Route("DELETE", f"{_BASE}/{{id}}", delete, "event_destination_act"),
    Route("POST", f"{_BASE}/{{id}}/disable", disable, "event_destination_act"),
    Route("POST", f"{_BASE}/{{id}}/enable", enable, "event_destination_act"),
    Route("POST", f"{_BASE}/{{id}}/ping", ping, "event_destination_act"),
)
