"""Orders from a SQLite file, opened read-only, the reference as a bound parameter."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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

    async def holds(self, texts: Sequence[str]) -> bool | None:
        """Every column of every table is searched; None where the database cannot be read to its end in time."""
        return await asyncio.to_thread(self._holds, texts)

    def _holds(self, texts: Sequence[str]) -> bool | None:
        try:
            with self._reading() as connection:
                tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                for table in map(_quoted, tables):
                    cursor = connection.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 - a quoted name
                    columns = [_quoted(column[0]) for column in cursor.description]
                    found = " OR ".join(f"instr(CAST({column} AS TEXT), ?)" for column in columns for _ in texts)
                    query = f"SELECT 1 FROM {table} WHERE {found} LIMIT 1"  # noqa: S608 - quoted names, bound values
                    if connection.execute(query, [*texts] * len(columns)).fetchone():
                        return True
        except sqlite3.Error:
            return None
        return False

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that cannot write, and is interrupted when its time is over."""
        deadline = time.monotonic() + self._within
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=_LOCKED_S)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            connection.set_authorizer(_only_reading)
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            yield connection

    def _record(self, reference: str) -> dict[str, Any] | None:
        try:
            with self._reading() as connection:
                cursor = connection.execute(self._query, {"order": reference})
                if cursor.description is None:
                    raise sqlite3.ProgrammingError("the query selects nothing")
                row = cursor.fetchone()
        except sqlite3.Error as error:
            told = f"it takes longer than {self._within:g} s" if str(error) == "interrupted" else str(error)
            raise Inconclusive(f"{self._path.name}: {told}", supply="observers.order.query") from None
        return None if row is None else dict(row)
