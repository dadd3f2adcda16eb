"""What an event is about, and what keeps back the events about something."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Hold", "Lineage"]


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
