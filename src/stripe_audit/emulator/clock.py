"""The emulator's clock: wall time plus what was skipped, or held still; and what is due on it."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Clock", "Due"]


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """An action and when it is due, in Unix seconds on the emulator's clock.

    It is data, so that a snapshot can keep it: a function of a module or a method, and the objects that it is about.
    ``account`` is the one among whose objects it happens; None where that does not matter.
    """

    at: float
    order: int
    account: str | None
    action: Callable[..., object]
    arguments: tuple[Any, ...]


def _run(due: Due) -> None:
    due.action(*due.arguments)


class Clock:
    """Runs inside the emulator's loop. ``advance`` makes everything due that lies in the skipped time.

    Objects and retries live on this clock. The time in a webhook signature does not: receivers compare it with theirs.
    ``held_at``, in Unix seconds, is when the clock stands still: then only ``advance`` moves it. ``run`` is called with
    what has become due, in its order.
    """

    def __init__(self, held_at: float | None = None, run: Callable[[Due], object] = _run) -> None:
        self._started_at = held_at
        self._run_due = run
        self.held_at = held_at
        self.skipped = 0.0
        self.account: str | None = None
        """Whose call is being answered: what it leaves for later happens among the same account's objects."""
        self.due: list[Due] = []
        """A heap."""
        self.order = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Unix seconds on this clock."""
        return (time.time() if self.held_at is None else self.held_at) + self.skipped

    def seconds(self) -> int:
        """``now`` in whole seconds, as Stripe's timestamps are."""
        return int(self.now())

    def later(self, delay: float, action: Callable[..., object], *arguments: Any) -> None:
        """Call ``action`` with these arguments in the loop once ``delay`` seconds have passed here."""
        self.order += 1
        heapq.heappush(self.due, Due(self.now() + delay, self.order, self.account, action, arguments))
        self.wake()

    def wake(self) -> None:
        """Look at what is due: it has changed."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._watch())
        self._wake.set()

    def advance(self, seconds: float) -> None:
        """Skip ahead. What that makes due has happened when this returns."""
        self.skipped += seconds
        self._catch_up()
        self._wake.set()

    def hold(self, at: float | None = None) -> None:
        """Stand still, at a time in Unix seconds or where the clock is."""
        self.held_at, self.skipped = self.now() if at is None else at, 0.0

    def go_on(self) -> None:
        """Run again, from the time that the clock shows."""
        if self.held_at is not None:
            self.set(self.now())

    def set(self, now: float) -> None:
        """Run on from this time."""
        self.held_at, self.skipped = None, now - time.time()
        self._wake.set()

    def clear(self) -> None:
        """Forget what is due, and the skipped time."""
        self.due.clear()
        self.held_at, self.skipped = self._started_at, 0.0

    async def stop(self) -> None:
        """End the task that waits for what is due."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _catch_up(self) -> None:
        while self.due and self.due[0].at <= self.now():
            self._run_due(heapq.heappop(self.due))

    async def _watch(self) -> None:
        while True:
            self._catch_up()
            self._wake.clear()
            delay = self.due[0].at - self.now() if self.due and self.held_at is None else None
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue
