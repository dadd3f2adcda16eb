"""What an event is about, on whose time it happens, and what keeps back the events about something."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_audit.emulator.store import Obj, Store

__all__ = ["Hold", "Lineage", "clock_of"]

_OWNERS = ("customer", "charge", "invoice", "payment_intent", "subscription")
_FAR = 3
"""Steps from an object to a customer: a refund has a charge, which has an intent."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What an event is about: the object that groups it, all ids it refers to, and the metadata on the way."""

    root: str
    ids: frozenset[str]
    metadata: tuple[dict[str, str], ...]
    words: tuple[str, ...] = ()
    """Descriptions, e-mail addresses and metadata on the way: whatever may carry a reference of the caller's own."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Keeps back every event about an object, with these metadata, or that mentions a word; with none, every event."""

    object: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    mentions: str | None = None

    @property
    def covers_all(self) -> bool:
        return self.object is None and not self.metadata and self.mentions is None

    def covers(self, lineage: Lineage) -> bool:
        if self.object is not None:
            return self.object in lineage.ids
        if self.mentions is not None:
            return any(self.mentions in text for text in lineage.words)
        return not self.metadata or any(set(self.metadata) <= set(found.items()) for found in lineage.metadata)


def clock_of(store: Store, obj: Obj, steps: int = _FAR) -> Obj | None:
    """The test clock that an object lives on: its own, or that of whom it belongs to."""
    clock = store.by_kind["test_helpers.test_clock"].get(obj.get("test_clock") or "")
    for name in _OWNERS:
        if clock is not None or steps == 0:
            break
        owner = obj.get(name)
        if isinstance(owner, str) and owner in store.by_id:
            clock = clock_of(store, store.by_id[owner], steps - 1)
    return clock
