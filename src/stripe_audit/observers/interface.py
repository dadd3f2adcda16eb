"""What observers say: orders in canonical states, log lines, mails; and waiting for a condition."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from stripe_audit.errors import Inconclusive
from stripe_audit.money import to_minor

T = TypeVar("T")

__all__ = [
    "LogLine",
    "LogObserver",
    "Mail",
    "MailObserver",
    "Order",
    "OrderMapping",
    "OrderObserver",
    "OrderState",
    "eventually",
]


class OrderState(StrEnum):
    """The canonical states of an order."""

    UNPAID = "unpaid"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Order:
    """The target's own record of a payment. ``amount`` in minor units; ``fulfilled`` counts how often."""

    reference: str
    state: OrderState
    raw_state: str
    amount: int | None = None
    currency: str | None = None
    fulfilled: int | None = None
    payment_intent: str | None = None

    @property
    def is_paid(self) -> bool:
        """Whether the target treats it as paid for."""
        return self.state is OrderState.PAID

    @property
    def summary(self) -> dict[str, Any]:
        """For evidence."""
        told = {"state": self.raw_state, "amount": self.amount, "currency": self.currency, "fulfilled": self.fulfilled}
        return {key: value for key, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class OrderMapping:
    """From the app's words to ours. ``states`` maps our states to the app's; unnamed states map to themselves."""

    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amount_unit: str = "minor"

    def order(self, reference: str, record: Mapping[str, Any]) -> Order:
        """An order from a record with our column names. Raises Inconclusive for a state that is not mapped."""
        raw = str(record.get("status"))
        currency = record.get("currency") and str(record["currency"]).lower()
        return Order(
            reference,
            self._state(raw),
            raw,
            self._amount(record.get("amount"), currency),
            currency or None,
            None if record.get("fulfilled") is None else int(record["fulfilled"]),
            record.get("payment_intent") and str(record["payment_intent"]),
        )

    def _state(self, raw: str) -> OrderState:
        for ours, theirs in self.states.items():
            if raw in theirs:
                return OrderState(ours)
        if raw in list(OrderState):
            return OrderState(raw)
        raise Inconclusive(f"the order's state {raw!r} is not mapped", supply="observers.order.states")

    def _amount(self, value: Any, currency: str | None) -> int | None:
        if value is None:
            return None
        try:
            if self.amount_unit == "major":
                return to_minor(Decimal(str(value)), currency or "usd")
            exact = Decimal(str(value))
        except (InvalidOperation, ValueError):
            exact = None
        if exact is None or exact != exact.to_integral_value():
            raise Inconclusive(f"the order's amount {value!r} is no amount", supply="observers.order.amount_unit")
        return int(exact)


class OrderObserver(ABC):
    """Reads orders. ``mapping`` is how the settings translate the target's words."""

    mapping: OrderMapping = OrderMapping()

    @abstractmethod
    async def read(self, reference: str) -> Order | None:
        """The order, or None where the target has no such record."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log line: its text, and its fields where the log is JSON."""

    text: str
    fields: Mapping[str, Any] | None = None

    @property
    def level(self) -> str:
        """``info``, ``warning``, ``error`` …; empty where the line names none. pino's numbers are translated."""
        fields = self.fields or {}
        value = fields.get("level", fields.get("severity", fields.get("levelname", "")))
        named = {10: "trace", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "fatal"}
        return named.get(value, "") if isinstance(value, int) else str(value).lower()


class LogObserver(ABC):
    """Reads log lines."""

    @abstractmethod
    def mark(self) -> int:
        """A position: the end of the log now."""

    @abstractmethod
    def since(self, mark: int) -> list[LogLine]:
        """The lines written after a mark."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the target sent: envelope recipients, and the decoded text."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str


class MailObserver(ABC):
    """Reads mails."""

    @abstractmethod
    def messages(self, *, to: str | None = None) -> list[Mail]:
        """The mails so far, oldest first; those to one address."""


async def eventually(read: Callable[[], Awaitable[T]], is_met: Callable[[T], bool], *, within: float) -> tuple[T, bool]:
    """Read until a condition holds or the deadline passes; the last value, and whether it held.

    The pauses grow from 10 ms to 200 ms. ``within`` in seconds.
    """
    deadline = time.monotonic() + within
    pause = 0.01
    while True:
        value = await read()
        if is_met(value):
            return value, True
        if time.monotonic() >= deadline:
            return value, False
        await asyncio.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 1.6, 0.2)
