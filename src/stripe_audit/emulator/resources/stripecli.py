"""What the Stripe CLI calls beside the public API: its sessions, and events sent once more.

Source: github.com/stripe/stripe-cli, pkg/stripeauth and pkg/cmd/resource/events.go; measured with 1.52.0.
"""

from __future__ import annotations

import json
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import OBJECTS, PARAMS
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.stripecli import PATH
from stripe_audit.emulator.stripecli.session import FEATURES
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_URLS = ("forward_to_url", "forward_connect_to_url", "forward_thin_to_url", "forward_thin_connect_to_url")
PARAMS["stripecli_session_create"] = {
    "p": {"device_name": "s", "websocket_features": {"l": {"e": list(FEATURES)}}, "filters": "s"}
    | dict.fromkeys(_URLS, "s"),
    "r": ["device_name", "websocket_features"],
}
PARAMS["event_retry"] = {"p": {"for_stripecli": "b", "webhook_endpoint": "s", "account": "s", "expand": {"l": "s"}}}


def create_session(call: Call) -> Obj:
    params, world = call.params, call.world
    urls = {name: params[name] for name in _URLS if params.get(name)}
    session = world.deliveries.sessions.open(call.key, params["websocket_features"], urls, _filters(params))
    return {
        "websocket_url": f"ws{world.url.removeprefix('http')}{PATH}",
        "websocket_id": session.id,
        "websocket_authorized_feature": ",".join(session.features),
        "secret": session.secret,
        "reconnect_delay": world.config.cli_reset_seconds,
        "default_version": world.config.api_version,
        "latest_version": OBJECTS["api_version"],
        "display_connect_filter_warning": False,
    }


def retry(call: Call) -> Obj:
    """Send an event again: to one webhook endpoint, or to all Stripe CLIs that listen."""
    world, event = call.world, call.world.find("event", call.ids[0])
    if call.params.get("webhook_endpoint"):
        targets = [world.find("webhook_endpoint", call.params["webhook_endpoint"], "webhook_endpoint")]
        if targets[0]["status"] != "enabled":
            raise invalid("The webhook endpoint is disabled.", "webhook_endpoint")
    elif call.params.get("for_stripecli"):
        targets = world.deliveries.sessions.listeners()
    else:
        raise invalid("You must provide webhook_endpoint or for_stripecli.", "webhook_endpoint", "parameter_missing")
    for target in targets:
        world.deliveries.again(event, target, world.lineage(event["data"]["object"]))
    return event


def _filters(params: dict[str, Any]) -> dict[str, Any]:
    try:
        filters = json.loads(params.get("filters") or "{}")
    except (ValueError, RecursionError):
        filters = None
    if not isinstance(filters, dict):
        raise invalid("Invalid JSON in filters.", "filters")
    return filters


ROUTES = (
    Route("POST", "/v1/stripecli/sessions", create_session, "stripecli_session_create"),
    Route("POST", "/v1/events/{id}/retry", retry, "event_retry"),
)
