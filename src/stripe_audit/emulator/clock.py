"""The emulator's clock: wall time plus what was skipped, and what is due on it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

__all__ = ["Clock"]


class Clock:
    """Runs inside the emulator's loop. ``advance`` makes everything due that lies in the skipped time.

    Objects and retries live on this clock. The time in a webhook signature does not: receivers compare it with theirs.
    """

    def __init__(self) -> None:
        self.skipped = 0.0
        self.wrap: Callable[[Callable[[], object]], Callable[[], object]] | None = None
        """What is put around an action that a call leaves for later."""
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Unix seconds on this clock."""
        return time.time() + self.skipped

    def seconds(self) -> int:
        """``now`` in whole seconds, as Stripe's timestamps are."""
        return int(time.time() + self.skipped)

    def later(self, delay: float, action: Callable[[], object]) -> None:
        """Run ``action`` in the loop once ``delay`` seconds have passed here."""
        if self.wrap is not None:
            action = self.wrap(action)
        heapq.heappush(self._due, (self.now() + delay, next(self._order), action))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._wake.set()

    def advance(self, seconds: float) -> None:
        """Skip ahead."""
        self.skipped += seconds
        self._wake.set()

    def clear(self) -> None:
        """Forget what is due, and the skipped time."""
        self._due.clear()
        self.skipped = 0.0

    async def stop(self) -> None:
        """End the task that waits for what is due."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            while self._due and self._due[0][0] <= self.now():
                heapq.heappop(self._due)[2]()
            self._wake.clear()
            delay = self._due[0][0] - self.now() if self._due else None
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue
