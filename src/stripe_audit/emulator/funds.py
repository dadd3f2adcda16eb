"""One account's money: what is pending, what is available, and what becomes available next."""

from __future__ import annotations

from collections import Counter, deque

from stripe_audit.emulator.store import Obj

__all__ = ["Funds"]


class Funds:
    """Sums of balance transactions by currency, in minor units. They always equal the sum of the transactions' nets."""

    def __init__(self) -> None:
        self.pending: Counter[str] = Counter()
        self.available: Counter[str] = Counter()
        self.fees: Counter[str] = Counter()
        """What Stripe has kept so far."""
        self.maturing: deque[Obj] = deque()
        """Pending transactions in the order in which they become available: all wait for the same time."""

    def add(self, transaction: Obj) -> None:
        """Count a new transaction in, by its ``status``."""
        kept = (part["amount"] for part in transaction["fee_details"] if part["type"] == "stripe_fee")
        self.fees[transaction["currency"]] += sum(kept)
        if transaction["status"] == "available":
            self.available[transaction["currency"]] += transaction["net"]
        else:
            self.pending[transaction["currency"]] += transaction["net"]
            self.maturing.append(transaction)

    def mature(self, now: float) -> bool:
        """Make available whose time has come; whether there was any."""
        is_changed = False
        while self.maturing and self.maturing[0]["available_on"] <= now:
            transaction = self.maturing.popleft()
            transaction["status"] = "available"
            self.pending[transaction["currency"]] -= transaction["net"]
            self.available[transaction["currency"]] += transaction["net"]
            is_changed = True
        return is_changed
