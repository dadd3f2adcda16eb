"""The journal: every call to the API, who made it, and what it got."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["Entry", "Journal"]


@dataclass(slots=True)
class Entry:
    """One call. ``at`` Unix seconds, wall time; ``params`` as sent, nested; ``object`` the id that it is about."""

    seq: int
    at: float
    caller: str
    method: str
    path: str
    params: dict[str, Any]
    headers: dict[str, Any]
    status: int
    object: str | None
    request_id: str
    replayed: bool
    fault: str | None
    duration_ms: float
    error: dict[str, Any] | None
    unknown_params: list[str] = field(default_factory=list)
    """Parameters that no reference names, in a call that was pinned to a version before acacia: they are let pass."""

    def names(self, family: set[str]) -> bool:
        """Whether the call is about one of these ids: in its answer, its path or its parameters."""
        if self.object in family or not family.isdisjoint(self.path.split("/")):
            return True
        return any(value in family for value in _leaves(self.params))

    def as_json(self) -> dict[str, Any]:
        """The entry with its headers both nested and, for the commonest, at the top."""
        sdk = self.headers.get("sdk") or {}
        return {
            **asdict(self),
            "idempotency_key": self.headers.get("idempotency_key"),
            "stripe_version": self.headers.get("stripe_version"),
            "stripe_account": self.headers.get("stripe_account"),
            "sdk": sdk,
        }


class Journal:
    """The last ``limit`` calls; of those before only their number is known."""

    def __init__(self, limit: int) -> None:
        self.entries: deque[Entry] = deque(maxlen=limit)
        self.count = 0

    def add(self, **values: Any) -> Entry:
        """Record a call; its number is one more than the last."""
        self.count += 1
        entry = Entry(seq=self.count, **values)
        self.entries.append(entry)
        return entry

    def add_page(self, path: str, object: str, status: int) -> Entry:
        """Record what the customer did in the browser on a page of the emulator's."""
        return self.add(
            at=time.time(),
            caller="customer",
            method="GET",
            path=path,
            params={},
            headers={},
            status=status,
            object=object,
            request_id="",
            replayed=False,
            fault=None,
            duration_ms=0.0,
            error=None,
        )

    def dropped(self, since: int = 0) -> int:
        """How many calls numbered above ``since`` were made, and are no longer remembered."""
        return max(0, self.count - len(self.entries) - since)

    def find(
        self,
        *,
        since: int = 0,
        family: set[str] | None = None,
        caller: str | None = None,
        method: str | None = None,
        path: str | None = None,
        key: str | None = None,
    ) -> list[Entry]:
        """Calls numbered above ``since`` that match everything given.

        ``path`` is a glob, ``key`` an idempotency key.
        """
        found = []
        for entry in reversed(self.entries):
            if entry.seq <= since:
                break
            if (
                caller in (None, entry.caller)
                and method in (None, entry.method)
                and (path is None or fnmatchcase(entry.path, path))
                and key in (None, entry.headers.get("idempotency_key"))
                and (family is None or entry.names(family))
            ):
                found.append(entry)
        return found[::-1]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
