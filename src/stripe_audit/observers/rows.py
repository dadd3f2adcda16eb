"""Rows that belong to one payment, in tables other than that of the orders: shipments, licences, ledger entries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stripe_audit.observers.interface import Order, OrderObserver

__all__ = ["ROW_VALUES", "CountedOrders", "Rows", "RowsObserver"]

ROW_VALUES = ("order", "payment_intent", "email", "session")
"""What a query can ask for, as ``:order``: what a payment can be told by. Counts without it belong to no payment."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What one look found: how many rows, and the first of them, each by its columns' names."""

    MOST: ClassVar[int] = 50

    count: int
    rows: tuple[Mapping[str, Any], ...] = ()


class RowsObserver(ABC):
    """Reads the rows of one payment."""

    @abstractmethod
    async def read(self, values: Mapping[str, str]) -> Rows:
        """The rows now. ``values`` are what the payment can be told by, of ROW_VALUES."""


class CountedOrders(OrderObserver):
    """Orders whose fulfilments are counted elsewhere: as many as there are rows of that order."""

    def __init__(self, orders: OrderObserver, rows: RowsObserver) -> None:
        self._orders = orders
        self._rows = rows
        self.mapping = orders.mapping

    async def read(self, reference: str) -> Order | None:
        order = await self._orders.read(reference)
        if order is None:
            return None
        return replace(order, fulfilled=(await self._rows.read({"order": reference})).count)

    async def holds(self, texts: Sequence[str]) -> bool | None:
        return await self._orders.holds(texts)
