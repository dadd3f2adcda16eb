"""Orders from a SQLite file, opened read-only, the reference as a bound parameter."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import Order, OrderMapping, OrderObserver

__all__ = ["SqliteOrders"]

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_STEPS = 10_000
"""Instructions of SQLite's virtual machine between two looks at the clock."""
_LOCKED_S = 2.0


def _only_reading(action: int, *_: str | None) -> int:
    """``mode=ro`` forbids to write the file; ``ATTACH`` and ``VACUUM INTO`` would still write others."""
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


class SqliteOrders(OrderObserver):
    """One query per read, on a connection that cannot write. ``within`` bounds it, in seconds."""

    def __init__(self, path: Path, query: str, mapping: OrderMapping, *, within: float = 5.0) -> None:
        self._path = path.absolute()
        self._query = query
        self._within = within
        self.mapping = mapping

    async def read(self, reference: str) -> Order | None:
        """Raises Inconclusive where the file or the query cannot be used."""
        record = await asyncio.to_thread(self._record, reference)
        if record is None:
            return None
        if "status" not in record:
            raise Inconclusive("the query's result has no column 'status'", supply="observers.order.query")
        return self.mapping.order(reference, record)

    def _record(self, reference: str) -> dict[str, Any] | None:
        deadline = time.monotonic() + self._within
        try:
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=_LOCKED_S)) as connection:
                connection.row_factory = sqlite3.Row
                connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
                connection.set_authorizer(_only_reading)
                connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
                cursor = connection.execute(self._query, {"order": reference})
                if cursor.description is None:
                    raise sqlite3.ProgrammingError("the query selects nothing")
                row = cursor.fetchone()
        except sqlite3.Error as error:
            told = f"it takes longer than {self._within:g} s" if str(error) == "interrupted" else str(error)
            raise Inconclusive(f"{self._path.name}: {told}", supply="observers.order.query") from None
        return None if row is None else dict(row)
