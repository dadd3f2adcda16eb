"""Orders, and rows of any other table, by one SELECT each; values are bound, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.databases.interface import Database, Row, Unreadable
from stripe_audit.observers.interface import Order, OrderMapping, OrderObserver
from stripe_audit.observers.rows import Rows, RowsObserver

__all__ = ["SqlOrders", "SqlRows"]


async def _selected(database: Database, query: str, values: Mapping[str, str], setting: str) -> list[Row]:
    try:
        return await database.select(query, values)
    except Unreadable as error:
        raise Inconclusive(f"{database.label}: {error.told}", supply=f"{setting}.{error.part}") from None


class SqlOrders(OrderObserver):
    """One query for each read."""

    def __init__(self, database: Database, query: str, mapping: OrderMapping) -> None:
        self._database = database
        self._query = query
        self.mapping = mapping

    async def read(self, reference: str) -> Order | None:
        """Raises Inconclusive where the database or the query cannot be used."""
        rows = await _selected(self._database, self._query, {"order": reference}, "observers.order")
        if not rows:
            return None
        if "status" not in rows[0]:
            raise Inconclusive("the query's result has no column 'status'", supply="observers.order.query")
        return self.mapping.order(reference, rows[0])

    async def holds(self, texts: Sequence[str]) -> bool | None:
        """Every column of every table is searched; None where the database cannot be read to its end in time."""
        return await self._database.holds(texts)


class SqlRows(RowsObserver):
    """The rows that one query finds."""

    def __init__(self, name: str, database: Database, query: str) -> None:
        self._name = name
        self._database = database
        self._query = query

    async def read(self, values: Mapping[str, str]) -> Rows:
        """Raises Inconclusive where the database or the query cannot be used."""
        rows = await _selected(self._database, self._query, values, f"observers.rows.{self._name}")
        return Rows(len(rows), tuple({name: _plain(value) for name, value in row.items()} for row in rows[: Rows.MOST]))


def _plain(value: Any) -> Any:
    """A column's value as JSON has it; numbers are exact."""
    if isinstance(value, float):
        value = Decimal(str(value))
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
