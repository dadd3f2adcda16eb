"""An object's transition with its webhook event, which tells what the changed attributes held before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["changing", "difference", "embedded", "removed"]


@contextmanager
def changing(world: World, call: Call | None, obj: Obj, *types: str) -> Iterator[Obj]:
    """Emit events of these types about what the block changes in ``obj``; none, if it changes nothing."""
    before = snapshot(obj)
    yield obj
    previous = difference(before, obj)
    if previous:
        for type in types:
            world.emit(type, obj, call, previous=previous)


def difference(before: Obj, now: Obj) -> dict[str, Any]:
    """What the changed attributes held before: of hashes the changed members, of lists and plain values all.

    An attribute that is new is told as null, as Stripe does for metadata.
    """
    changed: dict[str, Any] = {}
    for name in {**before, **now}:
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        changed[name] = difference(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return changed


def embedded(members: list[Obj], url: str) -> Obj:
    """A list inside an object. All are in it: Stripe shows ten, and tells of more with ``has_more``."""
    return {"object": "list", "data": members, "has_more": False, "total_count": len(members), "url": url}


def removed(world: World, obj: Obj) -> Obj:
    """Forget an object, and answer as Stripe does to a deletion."""
    world.store.remove(obj)
    return {"id": obj["id"], "object": obj["object"], "deleted": True}
