"""The shop's database: SQLite, one writer at a time, every change of an order and its effects in one transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, item TEXT NOT NULL, quantity INTEGER NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, email TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open', intent TEXT,
    attempt INTEGER NOT NULL DEFAULT 0, fulfilled INTEGER NOT NULL DEFAULT 0, refunded INTEGER NOT NULL DEFAULT 0,
    failure TEXT, received INTEGER
);
CREATE INDEX IF NOT EXISTS orders_by_intent ON orders (intent);
CREATE TABLE IF NOT EXISTS handled_events (id TEXT PRIMARY KEY, type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting_events (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customers (email TEXT PRIMARY KEY, name TEXT, customer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS billing (event TEXT PRIMARY KEY, type TEXT NOT NULL, object TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    key TEXT PRIMARY KEY, recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
);
"""


_LOCKED_MS = 120
"""How long a statement waits for another writer: everybody waits with it, so that it had better fail soon."""


class Store:
    """One connection, guarded by a lock; statements are short, so callers use it straight from the event loop."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(f"PRAGMA busy_timeout = {_LOCKED_MS}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. May be nested; the outermost commits."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, statement: str, values: Mapping[str, Any] | None = None) -> int:
        """Execute; how many rows changed."""
        with self._lock:
            return self._connection.execute(statement, values or {}).rowcount

    def row(self, statement: str, values: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The first row, or None."""
        with self._lock:
            found = self._connection.execute(statement, values or {}).fetchone()
            return dict(found) if found else None

    def rows(self, statement: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(statement, values or {}).fetchall()]

    def is_writable(self) -> bool:
        """Whether changes can be stored now."""
        try:
            with self.transaction():
                return True
        except sqlite3.Error:
            return False

    def order(self, identity: str) -> dict[str, Any] | None:
        """An order by its id."""
        return self.row("SELECT * FROM orders WHERE id = :id", {"id": identity})

    def order_of(self, intent: str) -> dict[str, Any] | None:
        """The order that a PaymentIntent belongs to."""
        return self.row("SELECT * FROM orders WHERE intent = :intent", {"intent": intent})

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
