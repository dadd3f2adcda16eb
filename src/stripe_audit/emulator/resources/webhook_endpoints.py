"""Webhook endpoints; the signing secret is shown once (docs.stripe.com/api/webhook_endpoints)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "check_url", "hear_connected", "register"]

MOST = 16
"""docs.stripe.com/workbench/event-destinations: 16 per account."""


def register(world: World, url: str, events: list[str], secret: str, **values: Any) -> Obj:
    """Register an endpoint with a secret of the caller's choice."""
    endpoint = blank(
        "webhook_endpoint",
        id=world.ids.new("we"),
        object="webhook_endpoint",
        created=world.clock.seconds(),
        enabled_events=events,
        livemode=False,
        metadata={},
        status="enabled",
        url=url,
    )
    endpoint.update(values)
    world.deliveries.sender.secrets[endpoint["id"]] = [secret]
    return world.store.add(endpoint)


def hear_connected(world: World, endpoint: Obj) -> None:
    """Let an endpoint hear of connected accounts, and of nothing else; its ``application`` shows it."""
    world.connect_endpoints.add(endpoint["id"])
    endpoint["application"] = f"ca_{world.keys.account.removeprefix('acct_')}"


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    check_url(params["url"])
    if len(world.store.by_kind["webhook_endpoint"]) >= MOST:
        raise invalid(f"You have reached the maximum of {MOST} test webhook endpoints.")
    if not params["enabled_events"]:
        raise invalid("Missing required param: enabled_events.", "enabled_events", "parameter_missing")
    secret = f"whsec_{world.ids.text(32)}"
    endpoint = register(
        world,
        params["url"],
        params["enabled_events"],
        secret,
        api_version=params.get("api_version"),
        description=params.get("description"),
        metadata=merged({}, params.get("metadata") or {}),
    )
    if params.get("connect"):
        hear_connected(world, endpoint)
    return {**endpoint, "secret": secret}


def retrieve(call: Call) -> Obj:
    return call.world.find("webhook_endpoint", call.ids[0])


def update(call: Call) -> Obj:
    endpoint, params = call.world.find("webhook_endpoint", call.ids[0]), call.params
    if params.get("url"):
        check_url(params["url"])
    change(endpoint, params, ("url", "description", "enabled_events"))
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return endpoint


def delete(call: Call) -> Obj:
    endpoint = call.world.find("webhook_endpoint", call.ids[0])
    call.world.store.remove(endpoint)
    endpoint["status"] = "disabled"
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def listed(call: Call) -> Obj:
    return list_of(call, "webhook_endpoint")


def check_url(url: str | None) -> None:
    """Raise ApiError 400 for what is no http or https URL with a host."""
    try:
        parts = urlsplit(url or "")
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_valid = False
    if not is_valid:
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")


ROUTES = (
    Route("POST", "/v1/webhook_endpoints", create, "webhook_endpoint_create"),
    Route("GET", "/v1/webhook_endpoints", listed, "webhook_endpoint_list"),
    Route("GET", "/v1/webhook_endpoints/{id}", retrieve),
    Route("POST", "/v1/webhook_endpoints/{id}", update, "webhook_endpoint_update"),
    Route("DELETE", "/v1/webhook_endpoints/{id}", delete),
)
