"""Snapshots: all that an emulator remembers, kept aside, and put back as if nothing had happened since.

A snapshot is one pickle of the whole state, so that whatever is shared stays shared. It is made and read by the same
process, and never leaves it.
"""

from __future__ import annotations

import asyncio
import io
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stripe_audit.emulator.asked import ControlError

if TYPE_CHECKING:
    from stripe_audit.emulator.world import World

__all__ = ["MOST", "Snapshot", "Snapshots"]

MOST = 32
"""Snapshots that are kept at a time: each is as large as the state that it holds."""

STATE = (
    "authenticated", "billing", "cards", "checkout", "connect_endpoints", "ephemeral", "faults", "file_contents", "ids",
    "journal", "restricted", "saved", "scopes", "spent",
)  # fmt: skip
"""What a world remembers; clock and deliveries are asked for theirs."""
MACHINERY = {
    "clock", "config", "control_token", "defects", "deliveries", "funds", "generation", "keys", "live_keys_refused",
    "recorder", "renderer", "scope", "snapshots", "store", "uploads", "url",
}  # fmt: skip
"""What a restore leaves, or finds again by itself. The emulator's own defects and refused live keys stay on record."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``now`` is the emulator's time, in Unix seconds; ``is_held`` whether its clock stood still then."""

    id: str
    now: float
    is_held: bool
    objects: int
    calls: int
    state: bytes

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "now": self.now,
            "objects": self.objects,
            "calls": self.calls,
            "bytes": len(self.state),
        }


class Snapshots:
    """The snapshots of one world. They outlive a reset, and the restore of another."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[str, Snapshot] = {}
        self._count = 0

    def take(self) -> Snapshot:
        """Keep everything as it is now. Raises ControlError where there are too many snapshots."""
        if len(self._kept) >= MOST:
            raise ControlError(f"there are {MOST} snapshots already; delete one", 409)
        world = self._world
        stream = io.BytesIO()
        state = {name: getattr(world, name) for name in STATE}
        state["clock"] = (world.clock.due, world.clock.order)
        state["deliveries"] = world.deliveries.state()
        _Pickler(stream, self._fixed()).dump(state)
        self._count += 1
        clock = world.clock
        objects = sum(len(scope.store) for scope in world.scopes.values())
        taken = Snapshot(
            f"snap_{self._count}",
            clock.now(),
            clock.held_at is not None,
            objects,
            world.journal.count,
            stream.getvalue(),
        )
        self._kept[taken.id] = taken
        return taken

    def restore(self, identity: str) -> Snapshot:
        """Be again as it was then. Calls and deliveries that are under way end. Raises ControlError 404."""
        snapshot = self._found(identity)
        world = self._world
        state = _Unpickler(io.BytesIO(snapshot.state), self._fixed()).load()
        world.break_off()
        due, order = state.pop("clock")
        deliveries = state.pop("deliveries")
        for name, value in state.items():
            setattr(world, name, value)
        world.saved.forget_unfinished()
        world.enter_own()
        if snapshot.is_held:
            world.clock.hold(snapshot.now)
        else:
            world.clock.set(snapshot.now)
        world.clock.due, world.clock.order = due, order
        world.clock.wake()
        world.deliveries.resume(deliveries)
        return snapshot

    def delete(self, identity: str) -> None:
        """Forget a snapshot. Raises ControlError 404."""
        del self._kept[self._found(identity).id]

    def listed(self) -> list[Snapshot]:
        """Oldest first."""
        return list(self._kept.values())

    def _found(self, identity: str) -> Snapshot:
        found = self._kept.get(identity)
        if found is None:
            raise ControlError(f"no such snapshot: {identity[:100]}", 404)
        return found

    def _fixed(self) -> dict[str, object]:
        """What the state refers to and does not contain."""
        world = self._world
        return {
            "world": world,
            "clock": world.clock,
            "deliveries": world.deliveries,
            "renderer": world.renderer,
            "config": world.config,
        }


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, fixed: dict[str, object]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in fixed.items()}

    def reducer_override(self, obj: Any) -> Any:
        # Not called for plain data, of which nearly all of the state consists.
        if obj.__class__ is asyncio.Event:  # nobody waits for it in another life
            return asyncio.Event, ()
        name = self._names.get(id(obj))
        return NotImplemented if name is None else (_named, (name,))


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, fixed: dict[str, object]) -> None:
        super().__init__(stream)
        self._fixed = fixed

    def find_class(self, module: str, name: str) -> Any:
        return self._fixed.__getitem__ if name == _named.__name__ else super().find_class(module, name)


def _named(name: str) -> object:
    """Stands in a snapshot for what the state refers to and does not contain."""
    raise KeyError(name)
