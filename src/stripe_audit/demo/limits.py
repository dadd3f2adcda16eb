"""How often the shop lets payments be created: token buckets, against card testing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from stripe_audit.demo.orders import Refusal

__all__ = ["Bucket", "Turns"]


@dataclass(slots=True)
class Bucket:
    """Holds at most ``burst`` tokens, and gets ``per_second`` of them."""

    burst: float
    per_second: float
    _held: float = field(init=False)
    _filled: float = field(init=False)

    def __post_init__(self) -> None:
        self._held, self._filled = self.burst, time.monotonic()

    def is_empty(self) -> bool:
        """Whether there is no whole token now."""
        now = time.monotonic()
        self._held = min(self.burst, self._held + (now - self._filled) * self.per_second)
        self._filled = now
        return self._held < 1

    def take(self) -> None:
        """One token less."""
        self._held -= 1


class Turns:
    """All requests for a payment share one bucket; those that are refused have a smaller one besides.

    Whoever tries cards or articles is refused far more often than a customer is.
    """

    refused_burst, refused_per_second = 80.0, 12.0

    def __init__(self, burst: float, per_second: float) -> None:
        self._all = Bucket(burst, per_second)
        self._refused = Bucket(self.refused_burst, self.refused_per_second)

    def take(self) -> None:
        """Raises Refusal where it is nobody's turn."""
        if self._all.is_empty():
            raise self._enough()
        self._all.take()

    def refused(self) -> None:
        """Note that a request was refused. Raises another Refusal where there were too many; good ones go on."""
        if self._refused.is_empty():
            raise self._enough()
        self._refused.take()

    @staticmethod
    def _enough() -> Refusal:
        return Refusal(429, "too_many_requests", "Too many payments at once. Try again soon.")
