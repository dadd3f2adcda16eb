"""Hashes that many objects have in common: to be replaced by others, and never changed in place."""

from __future__ import annotations

from stripe_audit.emulator.store import Obj, snapshot

__all__ = ["shared", "spoilt"]

_shared: list[tuple[Obj, Obj]] = []
"""Each with a copy of what it was."""


def shared(value: Obj) -> Obj:
    """The same hash, from now on one that objects may have in common."""
    _shared.append((value, snapshot(value)))
    return value


def spoilt() -> list[Obj]:
    """Those that somebody has changed in place; there should be none."""
    return [value for value, copy in _shared if value != copy]
