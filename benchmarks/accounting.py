"""Where the seconds of an audit go: what each part of it computes, slice by slice, and what is waited for.

``benchmarks/audit.py`` says what the parts are.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe_audit.deployment.transport import Transport
from stripe_audit.models import Party

SLICE_S = 0.02


def ran_and_waited(path: str) -> tuple[float, float]:
    """Seconds on a processor, and seconds in which one was waited for (proc(5), schedstat)."""
    try:
        ran, waited, _ = Path(path).read_text().split()
    except (OSError, ValueError):
        return 0.0, 0.0
    return int(ran) / 1e9, int(waited) / 1e9


def threads_of(pid: int) -> dict[str, tuple[float, float]]:
    try:
        names = [place.name for place in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return {}
    return {f"{pid}/{name}": ran_and_waited(f"/proc/{pid}/task/{name}/schedstat") for name in names}


def children_of(pid: int) -> Iterator[int]:
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from children_of(int(child))
    except OSError:
        return


def part_of(pid: int) -> str:
    """Whose process it is, by its command line."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "other programs"
    known = {b"stripe_audit.demo.serve": "target", b"stripe_audit.emulator.apart": "Stripe"}
    return next((part for text, part in known.items() if text in line), "other programs")


class Account:
    """Watches this process and its children from a thread, and keeps the account."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.cpu: Counter[str] = Counter()
        self.requests = 0
        self._waits = 0
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._before: dict[str, tuple[float, float]] = {}
        self._parts: dict[str, str] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="account", daemon=True)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """While this lasts. What checks and the launch sleep for is a declared wait; requests are counted."""
        sleep, pause, exchange = asyncio.sleep, time.sleep, Transport._exchange
        account = self

        async def sleeping(delay: float, result: Any = None) -> Any:
            if delay <= 0 or threading.current_thread().name == "stripe-audit-emulator":
                return await sleep(delay, result)
            with account.counted("waits"):
                return await sleep(delay, result)

        def pausing(delay: float) -> None:
            with account.counted("waits"):
                pause(delay)

        async def exchanging(self: Transport, request: Any, is_customer: bool, is_own: bool) -> Any:
            account.requests += 1
            with account.counted(Party.STRIPE if is_own else Party.APP):
                return await exchange(self, request, is_customer, is_own)

        self._sleep = pause
        asyncio.sleep, time.sleep, Transport._exchange = sleeping, pausing, exchanging  # type: ignore[assignment]
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join()
            asyncio.sleep, time.sleep, Transport._exchange = sleep, pause, exchange  # type: ignore[method-assign]

    @contextmanager
    def counted(self, what: str) -> Iterator[None]:
        with self._lock:
            self._under_way[what] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[what] -= 1

    def _watch(self) -> None:
        own = f"{os.getpid()}/{threading.get_native_id()}"
        last, ends = time.perf_counter(), 0.0
        while not self._is_over.wait(SLICE_S):
            before = time.thread_time()
            self._look(own, (now := time.perf_counter()) - last)
            last = now
            ends += time.thread_time() - before
        self.cpu["this account"] = ends

    def _look(self, own: str, wall: float) -> None:
        me, named = os.getpid(), {thread.native_id: thread.name for thread in threading.enumerate()}
        seen, ran, waited = {}, Counter[str](), 0.0
        for pid in (me, *children_of(me)):
            for key, (on, off) in threads_of(pid).items():
                part = self._parts.get(key) or self._part(pid, key, named)
                seen[key] = (on, off)
                on_before, off_before = self._before.get(key, (on, off) if part == "other programs" else (0.0, 0.0))
                if not self._before and pid == me:
                    on_before, off_before = on, off  # what was before the account began
                if key != own:
                    ran[part] += max(0.0, on - on_before)
                    waited += max(0.0, off - off_before)
        self._before = seen
        self.cpu += ran
        computed = sum(ran.values())
        for part, seconds in ran.items():
            self.seconds[part] += seconds * min(1.0, wall / computed) if computed else 0.0
        left = max(0.0, wall - computed)
        starved = min(left, waited)
        self.seconds["waiting for a processor"] += starved
        self.seconds[self._reason()] += left - starved

    def _part(self, pid: int, key: str, named: dict[int | None, str]) -> str:
        if pid == os.getpid():
            part = "Stripe" if named.get(int(key.split("/")[1])) == "stripe-audit-emulator" else "engine"
        else:
            part = part_of(pid)
        if part != "other programs":  # a process that has just begun may become another
            self._parts[key] = part
        return part

    def _reason(self) -> str:
        with self._lock:
            under_way = +self._under_way
        if under_way["waits"]:
            return "declared waits"
        if under_way[Party.APP]:
            return "target answers"
        return "Stripe answers" if under_way[Party.STRIPE] else "unexplained"
