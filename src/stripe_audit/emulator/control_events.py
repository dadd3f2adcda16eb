"""The control API's part about webhook events: list them, and make ones that no call has caused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.emulator.asked import Asked, ControlError
from stripe_audit.emulator.store import snapshot
from stripe_audit.emulator.world import World

__all__ = ["listed", "synthesize"]

Answer = dict[str, Any]
_OVERRIDES: dict[str, type] = {"id": str, "api_version": str, "livemode": bool, "created": int}


def listed(world: World, asked: Asked) -> Answer:
    """All events, or those about an object and its family; oldest first."""
    identity = asked.query.get("object")
    family = world.family(identity) if identity else None
    found = [one["id"] for one in world.store.events.outlines() if family is None or one["about"] in family]
    return {"events": [world.store.events[event] for event in found]}


def synthesize(world: World, asked: Asked) -> Answer:
    """Record an event about an object, given whole or by its id, and deliver it unless told not to."""
    obj = asked.body.get("object")
    if "object_id" in asked.body:
        obj = world.store.by_id.get(str(asked.body["object_id"]))
        if obj is None:
            raise ControlError(f"no such object: {str(asked.body['object_id'])[:100]}", 404)
    if not isinstance(obj, Mapping):
        raise ControlError("object must be an object, or object_id the id of one")
    _check_object(obj)
    event = world.emit(
        asked.text("type"),
        dict(obj),
        previous=asked.body.get("previous_attributes") or None,
        is_delivered=bool(asked.body.get("deliver", True)),
        **_overrides(asked),
    )
    return world.store.events[event]


def _check_object(obj: Mapping[str, Any]) -> None:
    if not isinstance(obj.get("id", ""), str):
        raise ControlError("the object's id must be a string")
    metadata = obj.get("metadata") or {}
    if not isinstance(metadata, Mapping) or not all(isinstance(value, str) for value in metadata.values()):
        raise ControlError("the object's metadata must be an object of strings")


def _overrides(asked: Asked) -> dict[str, Any]:
    given = {name: asked.body[name] for name in _OVERRIDES if name in asked.body}
    for name, value in given.items():
        if type(value) is not _OVERRIDES[name]:
            raise ControlError(f"{name} must be a {_OVERRIDES[name].__name__}")
    if not given.get("id", "evt_").startswith("evt_"):
        raise ControlError("id must begin with evt_")
    return snapshot(given)  # type: ignore[no-any-return]
