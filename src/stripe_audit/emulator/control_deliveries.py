"""The control API's part that steers webhook deliveries: hold, release, resend, withdraw, drain."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.asked import Asked, ControlError
from stripe_audit.emulator.deliveries import Delivery, listens
from stripe_audit.emulator.lineage import Hold
from stripe_audit.emulator.world import World

__all__ = ["drain", "forget_sessions", "hold", "listed", "release", "resend", "sessions", "withdraw"]

Answer = dict[str, Any]


def listed(world: World, asked: Asked) -> Answer:
    """All deliveries, or those about an object; oldest first."""
    identity = asked.query.get("object")
    found = [one for one in world.deliveries.all if not identity or identity in one.lineage.ids]
    return {"deliveries": [one.as_json() for one in found]}


def hold(world: World, asked: Asked) -> Answer:
    """Hold an object's events, those with certain metadata, or all; also before they exist."""
    return {"held": world.deliveries.hold(_hold(asked))}


async def release(world: World, asked: Asked) -> Answer:
    """Send what is held, now and in order. Without ``events`` and ``types`` the hold ends as well."""
    wanted = _hold(asked)
    events, types, copies = asked.names("events"), asked.names("types"), asked.count("duplicate", 1)
    found = world.deliveries.held(wanted)
    if types is not None:
        found = [one for one in found if one.event["type"] in types]
        found.sort(key=lambda one: types.index(one.event["type"]))
    if events is not None:
        by_event: dict[str, list[Delivery]] = {}
        for one in found:
            by_event.setdefault(one.event["id"], []).append(one)
        found = [one for name in events for one in by_event.get(name, ())]
    if events is None and types is None:
        world.deliveries.lift(wanted)
    return {"attempts": await world.deliveries.send_now(found, copies=copies, concurrent=False)}


async def resend(world: World, asked: Asked) -> Answer:
    """Deliver an event again, to one endpoint or to all that listen; ``copies`` times, at once if ``concurrent``."""
    event = world.store.get("event", asked.text("event"))
    if event is None:
        raise ControlError(f"no such event: {asked.text('event')[:100]}", 404)
    endpoint = asked.body.get("endpoint")
    endpoints = [
        one for one in world.listeners() if (one["id"] == endpoint if endpoint else listens(one, event["type"]))
    ]
    if not endpoints:
        raise ControlError("no webhook endpoint listens to this event", 404)
    known = {one.endpoint["id"]: one for one in world.deliveries.all if one.event["id"] == event["id"]}
    lineage = world.lineage(event["data"]["object"])
    wanted = [known.get(one["id"]) or world.deliveries.by_hand(event, one, lineage) for one in endpoints]
    copies, concurrent = asked.count("copies", 1), bool(asked.body.get("concurrent"))
    return {"attempts": await world.deliveries.send_now(wanted, copies=copies, concurrent=concurrent)}


def withdraw(world: World, asked: Asked) -> Answer:
    """Never deliver these events."""
    events = asked.names("events")
    if events is None:
        raise ControlError("events must be a list of ids")
    return {"withdrawn": world.deliveries.withdraw(events)}


async def drain(world: World, asked: Asked) -> Answer:
    """Wait until nothing is under way."""
    return {"drained": await world.deliveries.drain(min(asked.number("timeout", 10.0), 600.0))}


def sessions(world: World, asked: Asked) -> Answer:
    """The Stripe CLIs that are listening, or were."""
    return {"sessions": world.deliveries.sessions.described()}


def forget_sessions(world: World, asked: Asked) -> Answer:
    """No longer wait for Stripe CLIs that are not connected: whoever has stopped one knows better."""
    return {"forgotten": world.deliveries.sessions.forget()}


def _hold(asked: Asked) -> Hold:
    identity, metadata = asked.body.get("object"), asked.body.get("metadata")
    if isinstance(identity, str) and identity:
        return Hold(object=identity)
    if isinstance(metadata, dict) and metadata:
        return Hold(metadata=tuple(sorted((str(key), str(value)) for key, value in metadata.items())))
    mentions = asked.body.get("mentions")
    if isinstance(mentions, str) and mentions:
        return Hold(mentions=mentions)
    if asked.body.get("all") is True:
        return Hold()
    raise ControlError('name what is meant: "object", "metadata", "mentions" or "all": true')
