"""A file of SQLite's, opened read-only for each look, so that one that the target replaces is seen."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from stripe_audit.observers.databases.interface import Database, Row, Unreadable

__all__ = ["SqliteDatabase"]

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


class SqliteDatabase(Database):
    """One connection for each look, which cannot write. ``within`` bounds the look, in seconds."""

    def __init__(self, path: Path, *, within: float = 5.0) -> None:
        self._path = path.absolute()
        self._within = within
        self.label = path.name

    def rows(self, query: str, values: Mapping[str, str]) -> list[Row]:
        try:
            with self._reading() as connection:
                cursor = connection.execute(query, dict(values))
                if cursor.description is None:
                    raise sqlite3.ProgrammingError("the query selects nothing")
                return [dict(row) for row in cursor]
        except sqlite3.Error as error:
            told = f"it takes longer than {self._within:g} s" if str(error) == "interrupted" else str(error)
            raise Unreadable(told) from None

    def search(self, texts: Sequence[str]) -> bool | None:
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
