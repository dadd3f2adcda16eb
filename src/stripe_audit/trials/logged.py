"""What the target writes in its log about a payment."""

from __future__ import annotations

from collections.abc import Collection

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.observers.interface import LogLine
from stripe_audit.payments import Payment

__all__ = ["is_alarming", "is_named", "log_mark", "names_of"]

_ALARMING = ("warn", "warning", "error", "err", "severe", "crit", "critical", "fatal", "alert", "emerg", "emergency")
"""The words that loggers have for what somebody should look at; ``info`` and ``notice`` happen all day."""


def log_mark(ctx: Context) -> int | None:
    """The end of the log now; None where no log is declared. Raises Inconclusive where the log is empty.

    For checks to which the log is a part of the picture; those that are about the log need ``observer:logs``.
    """
    try:
        log = ctx.logs
    except Skip:
        return None
    if not log.since(0):
        raise Inconclusive("the target's log is empty: it writes elsewhere", supply="observers.logs")
    return log.mark()


async def names_of(ctx: Context, payment: Payment) -> frozenset[str]:
    """What a payment can be told by: order reference, PaymentIntent, and charge where there is one."""
    intent = await ctx.stripe.get(f"/v1/payment_intents/{payment.intent}")
    names = {payment.order, str(payment.values["order"]), payment.intent, str(intent.get("latest_charge") or "")}
    return frozenset(names - {""})


def is_named(text: str, names: Collection[str]) -> bool:
    """Whether a text holds one of the names."""
    return any(name in text for name in names)


def is_alarming(line: LogLine) -> bool:
    """Whether the alerting that watches a log could fire upon the line: warning or above."""
    return line.level in _ALARMING
