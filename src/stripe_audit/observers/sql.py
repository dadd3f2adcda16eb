"""Orders from a SQLite file, opened read-only (``mode=ro`` and ``query_only``), the reference as a bound parameter."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import Order, OrderMapping, OrderObserver

__all__ = ["SqliteOrders"]


class SqliteOrders(OrderObserver):
    """One query per read, on a connection that cannot write."""

    def __init__(self, path: Path, query: str, mapping: OrderMapping) -> None:
        self._path = path
        self._query = query
        self.mapping = mapping

    async def read(self, reference: str) -> Order | None:
        """Raises Inconclusive where the file or the query cannot be used."""
        try:
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=2.0)) as connection:
                connection.execute("PRAGMA query_only = ON")
                connection.row_factory = sqlite3.Row
                row = connection.execute(self._query, {"order": reference}).fetchone()
        except sqlite3.Error as error:
            raise Inconclusive(f"{self._path.name}: {error}", supply="observers.order.query") from None
        if row is None:
            return None
        record = dict(row)
        if "status" not in record:
            raise Inconclusive("the query's result has no column 'status'", supply="observers.order.query")
        return self.mapping.order(reference, record)
