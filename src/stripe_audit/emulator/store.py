"""All objects of the emulated account, as plain dicts in the order of their creation."""

from __future__ import annotations

from collections import defaultdict

from stripe_audit.emulator.event_log import EventLog
from stripe_audit.emulator.shared import Obj, snapshot

__all__ = ["Obj", "Store", "snapshot"]


class Store:
    """Objects by id, by kind, and by the object they belong to; and the events, which are kept apart."""

    def __init__(self) -> None:
        self.events = EventLog()
        self.by_id: dict[str, Obj] = {}
        self.by_kind: defaultdict[str, dict[str, Obj]] = defaultdict(dict)
        self._members: defaultdict[tuple[str, str], list[Obj]] = defaultdict(list)

    def add(self, obj: Obj, *, owner: str | None = None) -> Obj:
        """Keep a new object; with an ``owner`` it is found again by ``members``."""
        identity, kind = obj["id"], obj["object"]
        self.by_id[identity] = obj
        self.by_kind[kind][identity] = obj
        if owner is not None:
            self._members[kind, owner].append(obj)
        return obj

    def __len__(self) -> int:
        return len(self.by_id) + len(self.events)

    def get(self, kind: str, identity: str) -> Obj | None:
        """The object, or event, if it exists and is of this kind."""
        return self.events.get(identity) if kind == "event" else self.by_kind[kind].get(identity)

    def members(self, kind: str, owner: str) -> list[Obj]:
        """Objects that were added with this owner, oldest first."""
        return self._members.get((kind, owner), [])

    def remove(self, obj: Obj) -> None:
        """Forget an object."""
        self.by_id.pop(obj["id"], None)
        self.by_kind[obj["object"]].pop(obj["id"], None)
