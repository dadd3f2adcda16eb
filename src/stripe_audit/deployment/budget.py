"""The bounds of a run: how many requests, how many seconds, how large a body."""

from __future__ import annotations

import threading
import time

from stripe_audit.errors import BudgetError

__all__ = ["Budget"]


class Budget:
    """Counts what the run spends. Thread-safe."""

    def __init__(self, *, requests: int = 5000, seconds: float = 600.0, body_bytes: int = 10 * 1024 * 1024) -> None:
        self._lock = threading.Lock()
        self._requests = requests
        self._spent = 0
        self._deadline = time.monotonic() + seconds
        self._seconds = seconds
        self.body_bytes = body_bytes

    @property
    def spent(self) -> int:
        """Requests sent so far."""
        with self._lock:
            return self._spent

    def spend(self, requests: int = 1) -> None:
        """Count requests to come, or raise BudgetError that names the setting."""
        if time.monotonic() > self._deadline:
            raise BudgetError(f"the run's budget of {self._seconds:g} seconds is spent", hint="audit.budget.seconds")
        with self._lock:
            if self._spent + requests > self._requests:
                raise BudgetError(
                    f"the run's budget of {self._requests} requests is spent", hint="audit.budget.requests"
                )
            self._spent += requests
