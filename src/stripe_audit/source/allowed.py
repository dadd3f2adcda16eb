"""Secrets that a project keeps in its source on purpose, each for a reason and for a time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

__all__ = ["AllowedSecret", "allowance"]


@dataclass(frozen=True, slots=True)
class AllowedSecret:
    """``path`` may hold ``*``; ``masked`` is the value as findings show it, or None for all; ``until`` counts."""

    path: str
    masked: str | None
    reason: str
    until: date

    def is_over(self, today: date) -> bool:
        """Whether it has ended."""
        return today > self.until


def allowance(allowed: Iterable[AllowedSecret], path: str, masked: str, today: date) -> AllowedSecret | None:
    """What allows a value in a file: one that still holds if there is one, else one that has ended; or None."""
    fitting = [one for one in allowed if fnmatchcase(path, one.path) and one.masked in (None, masked)]
    return max(fitting, key=lambda one: one.until, default=None)
