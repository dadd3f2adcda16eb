"""What observers say: orders in canonical states, log lines, mails; and waiting for a condition."""

from __future__ import annotations

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.money import MoneyError, to_minor
from stripe_audit.redaction import cut

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
    """The target's own record of a payment. ``amount`` in minor units; ``fulfilled`` counts how often.

    ``paid_until``, in Unix seconds, is when a subscription's access ends.
    """

    reference: str
    state: OrderState
    raw_state: str
    amount: int | None = None
    currency: str | None = None
    fulfilled: int | None = None
    payment_intent: str | None = None
    paid_until: int | None = None

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
        raw, currency = _word(record.get("status")), _word(record.get("currency") or "").lower() or None
        return Order(
            reference,
            self._state(raw),
            raw,
            self._amount(record.get("amount"), currency),
            currency,
            _count(record.get("fulfilled")),
            _word(record.get("payment_intent") or "") or None,
            _moment(record.get("paid_until")),
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
        exact = _exact(value)
        try:
            if exact is not None and self.amount_unit == "major":
                return to_minor(exact, currency or "usd")
        except MoneyError as error:
            raise Inconclusive(f"the order's amount: {error}", supply="observers.order.amount_unit") from None
        if exact is None or exact != exact.to_integral_value():
            raise Inconclusive(
                f"the order's amount {_word(value)!r} is no amount", supply="observers.order.amount_unit"
            )
        return int(exact)


_WORD_CAP = 100
_MOST_DIGITS = 30


def _word(value: Any) -> str:
    """A value as one word of bounded length; truth as JSON and YAML write it."""
    return str(value).lower() if isinstance(value, bool) else cut(str(value), _WORD_CAP)


def _exact(value: Any) -> Decimal | None:
    """A number that a target wrote in whatever way; None for what is none, or too large to be meant."""
    text = str(value).strip() if isinstance(value, (int, float, str, Decimal)) else ""
    if isinstance(value, bool) or "_" in text or not text.isascii():
        return None
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and abs(exact.adjusted()) < _MOST_DIGITS else None


def _count(value: Any) -> int | None:
    """How often; truth counts as once. Raises Inconclusive."""
    if value is None or isinstance(value, bool):
        return value if value is None else int(value)
    exact = _exact(value)
    if exact is None or exact != exact.to_integral_value():
        raise Inconclusive(
            f"how often: {_word(value)!r} is no count", supply="observers.order, or the mapping of fulfilled"
        )
    return int(exact)


_IN_MILLISECONDS = 10**11
"""Moments from this number on are meant in milliseconds: in seconds it would be the year 5138."""


def _moment(value: Any) -> int | None:
    """A moment in Unix seconds: a number of seconds or milliseconds, or ISO 8601 (without a zone: UTC).

    Raises Inconclusive.
    """
    if value is None or value == "":
        return None
    exact = _exact(value)
    if exact is not None:
        return int(exact / 1000 if exact >= _IN_MILLISECONDS else exact)
    try:
        moment = datetime.fromisoformat(_word(value))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise Inconclusive(
            f"paid until {_word(value)!r}: that is no moment", supply="observers.order, or the mapping of paid_until"
        ) from None


class OrderObserver(ABC):
    """Reads orders. ``mapping`` is how the settings translate the target's words."""

    mapping: OrderMapping = OrderMapping()

    @abstractmethod
    async def read(self, reference: str) -> Order | None:
        """The order, or None where the target has no such record."""

    async def holds(self, texts: Sequence[str]) -> bool | None:
        """Whether any of the texts stands anywhere in what the target stores; None where that cannot be seen."""
        return None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log line: its text, and its fields where the log is JSON."""

    text: str
    fields: Mapping[str, Any] | None = None

    @property
    def level(self) -> str:
        """``info``, ``warning``, ``error`` …; empty where the line names none. pino's numbers are translated."""
        if self.fields is None:
            return _written_level(self.text)
        value = self.fields.get("level", self.fields.get("severity", self.fields.get("levelname", "")))
        named = {10: "trace", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "fatal"}
        return named.get(value, "") if isinstance(value, int) else str(value).lower()


_LEVEL = "trace|debug|info|notice|warn|warning|error|err|severe|critical|crit|fatal|alert|emerg|emergency"
_WRITTEN = re.compile(
    rf"\b(?:level|severity|lvl)=[\"']?(?i:({_LEVEL}))\b"  # logfmt
    rf"|(?:^|[\[(<|])\s*(?i:({_LEVEL}))\s*[\])>|:]"  # [error] …, error: …
    rf"|(?:^|[\s\[(|])({_LEVEL.upper()})(?=[\s\])|:,]|$)"  # … ERROR …
)
_WITHIN = 120


def _written_level(text: str) -> str:
    """The level at the beginning of a line of text."""
    match = _WRITTEN.search(text[:_WITHIN])
    return next(filter(None, match.groups()), "").lower() if match else ""


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

    def hold(self, to: str) -> None:
        """Let whoever sends a mail to this address wait for an answer, until it is let go. Raises Skip."""
        raise Skip("where these mails go, no answer can be kept back", setting="observers.mail.kind: smtp")

    def is_waiting(self, to: str) -> bool:
        """Whether a mail to a held address has come, and has no answer."""
        return False

    def let_go(self, to: str) -> None:  # noqa: B027 - where nothing is held, nothing is to be done
        """End a hold. Mails that wait are refused (451), and are not among ``messages``: they must come again."""


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
