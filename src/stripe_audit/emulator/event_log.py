"""The account's events, kept small: most are never asked for, and each holds a copy of a whole object.

An event that nobody has to deliver never changes. It is kept as bytes, without the names of its object's fields, which
it shares with all objects of the same form.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stripe_audit.emulator.packing import packed, unpacked
from stripe_audit.emulator.shapes import blank

if TYPE_CHECKING:
    from stripe_audit.emulator.store import Obj

__all__ = ["EventLog", "Outlines"]

_Row = tuple[str, int, Any, bytes]
"""Type, time, the id of the object that it is about, and the rest."""

_FIELDS = blank("event")
"""Fields that every event has; some have more."""


class EventLog:
    """Events by id, oldest first."""

    def __init__(self) -> None:
        self._kept: dict[str, _Row | Obj] = {}

    def add(self, event: Obj) -> None:
        """Keep an event as it is: it is on its way to somebody, and counts who has not got it yet."""
        self._kept[event["id"]] = event

    def add_packed(self, event: Obj) -> None:
        """Keep a copy of an event that will not change."""
        data, request = event["data"], event["request"]
        obj: Obj = data["object"]
        rest = (
            packed(obj),
            data.get("previous_attributes"),
            event["api_version"],
            event["livemode"],
            request["id"],
            request["idempotency_key"],
            None if len(event) == len(_FIELDS) else packed({n: v for n, v in event.items() if n not in _FIELDS}),
        )
        # Bytes hold no references to other Python objects: what a call changes later, this copy does not see.
        self._kept[event["id"]] = (event["type"], event["created"], obj.get("id"), marshal.dumps(rest))

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, identity: object) -> bool:
        return identity in self._kept

    def __getitem__(self, identity: str) -> Obj:
        kept = self._kept[identity]
        if isinstance(kept, dict):
            return kept
        return _event(identity, kept)

    def get(self, identity: str) -> Obj | None:
        """The event, if it exists."""
        return self[identity] if identity in self._kept else None

    def outlines(self) -> Outlines:
        """All events without their objects, oldest first."""
        return Outlines(self._kept)


class Outlines:
    """``id``, ``type``, ``created``, ``pending_webhooks`` and ``about`` (an object's id) of each event."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self._kept = kept

    def __iter__(self) -> Iterator[Obj]:
        return (_outline(identity, kept) for identity, kept in self._kept.items())

    def __reversed__(self) -> Iterator[Obj]:
        return (_outline(identity, kept) for identity, kept in reversed(self._kept.items()))


def _event(identity: str, row: _Row) -> Obj:
    type, created, _, rest = row
    obj, previous, version, livemode, request, key, more = marshal.loads(rest)  # noqa: S302 - made by this process
    data = {"object": unpacked(obj)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = blank(
        "event",
        id=identity,
        object="event",
        api_version=version,
        created=created,
        data=data,
        livemode=livemode,
        pending_webhooks=0,
        request={"id": request, "idempotency_key": key},
        type=type,
    )
    return event if more is None else {**event, **unpacked(more)}


def _outline(identity: str, kept: Any) -> Obj:
    if kept.__class__ is tuple:
        type, created, about, _ = kept
        return {"id": identity, "type": type, "created": created, "pending_webhooks": 0, "about": about}
    return {
        "id": identity,
        "type": kept["type"],
        "created": kept["created"],
        "pending_webhooks": kept["pending_webhooks"],
        "about": kept["data"]["object"].get("id"),
    }
