"""What observers of a database say: rows for one SELECT, and whether a text stands anywhere in it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Database", "Row", "Unreadable"]

Row = dict[str, Any]


class Unreadable(Exception):
    """A database or a query that cannot be used, in words without a secret. ``part`` names the setting to mend."""

    def __init__(self, told: str, *, part: str = "query") -> None:
        super().__init__(told)
        self.told = told
        self.part = part


class Database(ABC):
    """Reads, each time what is committed by then. Whatever a query says, nothing is written."""

    label: str
    """What to call it; never with a user or a password."""

    async def select(self, query: str, values: Mapping[str, str]) -> list[Row]:
        """The rows of one SELECT with its values bound. Raises Unreadable."""
        return await asyncio.to_thread(self.rows, query, values)

    async def holds(self, texts: Sequence[str]) -> bool | None:
        """Whether any of the texts stands in any column of any table; None where that cannot be found out in time."""
        return await asyncio.to_thread(self.search, texts)

    @abstractmethod
    def rows(self, query: str, values: Mapping[str, str]) -> list[Row]:
        """As ``select``, in the caller's thread."""

    @abstractmethod
    def search(self, texts: Sequence[str]) -> bool | None:
        """As ``holds``, in the caller's thread."""

    def close(self) -> None:  # noqa: B027 - a file is open only while it is read
        """End the connection, where one is kept. Safe to call twice."""
