"""Where the seconds of an audit go, and what a thousand scenarios cost.

    python benchmarks/audit.py [--only account scenarios] [--scenarios 1000] [--check GLOB …]

*account*: the demo shop is audited whole. Every 20 ms the kernel is asked what each part has computed since: the
target's processes, the embedded Stripe's, this one (the engine, with the checks), and other programs that checks
start. A slice of wall time belongs to whoever computed in it, in those shares; what is left of it is a declared wait
(a check or the launch is pausing for a condition or a deadline), or an answer of the target's or Stripe's that is
under way while nobody computes, or else it is *unexplained*. While something waits for a processor that others hold,
that is told apart: it is the machine's time. On a quiet machine there is little of it.

*scenarios*: one payment journey, and a thousand of them side by side: seconds, processor time, memory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import Selection, load_catalog
from stripe_audit.demo.project import write_project
from stripe_audit.deployment.transport import Transport
from stripe_audit.models import Outcome, Party
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks

SLICE_S = 0.02
CPU_MS, UNEXPLAINED, TIMES, KIB, KIB_FLAT = 5.0, 0.2, 1.1, 40.0, 4.0
LOOKING = """\
version: 1
id: looking-{number}
task: "6.1"
severity: high
title: The shop is there.
what: It is asked.
why: Money.
fix: Mend it.
steps:
  - request: {{route: health}}
    save: shown
  - expect: {{answer: shown, that: {{status: 200}}}}
"""
SCENARIO = """\
version: 1
id: journey-{number}
task: "6.1"
severity: high
title: A payment is paid.
what: It is made and paid.
why: Money.
fix: Mend it.
steps:
  - create_payment: {{}}
  - pay: {{becomes: succeeded}}
  - eventually: {{order: payment, that: {{state: paid, fulfilled: 1}}}}
"""


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


def account(checks: tuple[str, ...]) -> bool:
    """Audit the demo shop, and tell where the time went."""
    kept = Account()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(write_project(Path(folder), variant="", defects=[], env={}), environ={})
        audit = Audit(settings, Options(Selection(checks=checks)))
        with kept.kept():
            began = time.perf_counter()
            report = audit.run()
            wall = time.perf_counter() - began
    outcomes = Counter(str(result.outcome) for result in report.results)
    print(f"{len(report.results)} checks in {wall:.1f} s: " + ", ".join(f"{n} {name}" for name, n in outcomes.items()))
    for part, seconds in kept.seconds.most_common():
        cpu = f"  {kept.cpu[part]:6.1f} s of a processor" if part in kept.cpu else ""
        print(f"  {part:<24} {seconds:6.1f} s  {seconds / wall:4.0%}{cpu}")
    told = sum(kept.seconds.values())
    print(f"  {'together':<24} {told:6.1f} s  {told / wall:4.0%}  (this account took {kept.cpu['this account']:.1f} s)")
    exchanges = sum(len(result.exchanges) for result in report.results)
    print(f"{kept.requests} requests of the engine's, {exchanges} of them recorded as exchanges")
    is_met = judged("ms of engine's processor time an exchange", kept.cpu["engine"] / exchanges * 1000, CPU_MS)
    missing = wall - told + kept.seconds["unexplained"]
    return judged("of the wall time unexplained", missing / wall, UNEXPLAINED) and is_met


def scenarios(count: int) -> bool:
    """One journey alone, and many side by side on one stage: what one of many costs."""
    with tempfile.TemporaryDirectory() as folder:
        family = Path(folder) / "scenarios" / "journeys"
        family.mkdir(parents=True)
        for number in range(count):
            (family / f"looking_{number}.yaml").write_text(LOOKING.format(number=number), "utf-8")
        for number in range(count + 40):
            (family / f"journey_{number}.yaml").write_text(SCENARIO.format(number=number), "utf-8")
        catalog = load_catalog(scenarios=[family.parent], has_builtin=False)
        ids = [identity for identity in catalog if identity.startswith("journey")]
        looking = [identity for identity in catalog if identity.startswith("looking")]
        path = write_project(Path(folder), variant="", defects=[], env={"RATE_LIMIT_BURST": "100000"})
        settings = load_settings(path, flags={"audit": {"budget": {"requests": 10**6, "seconds": 3600}}}, environ={})
        kept = Path(folder) / "run"
        kept.mkdir()
        with Stage(settings, folder=kept) as stage:  # as an audit does: exchanges are in a file, not in memory
            ones = [cost(stage, catalog, ids[number : number + 1]) for number in range(40)]
            one, one_cpu = median(wall for wall, _ in ones[20:]), median(cpu for _, cpu in ones[20:])
            many, growth = ids[40:], []
            wall, cpu, before = 0.0, 0.0, resident()
            for at in range(0, len(many), 100):
                spent, used = cost(stage, catalog, many[at : at + 100])
                wall, cpu = wall + spent, cpu + used
                growth.append(resident())
            flat = [resident() for at in range(0, count, 100) if cost(stage, catalog, looking[at : at + 100])]
    print(f"one scenario {one * 1000:.0f} ms, {one_cpu * 1000:.1f} ms of this process' processor time")
    print(f"{len(many)} scenarios {wall:.1f} s, {cpu / len(many) * 1000:.1f} ms of a processor each")
    told = ", ".join(f"{size / 2**20:.0f}" for size in (before, *growth))
    print(f"memory in MiB, every hundred scenarios: {told}")
    print("the same where nothing is made at Stripe: " + ", ".join(f"{size / 2**20:.0f}" for size in flat))
    is_met = judged(f"times {len(many)} × one, by the wall", wall / (one * len(many)), TIMES)
    is_met &= judged(f"times {len(many)} × one, by the processor", cpu / (one_cpu * len(many)), TIMES)
    is_met &= judged("KiB for each payment, most of them Stripe's memory of it", kept_of_each(growth), KIB)
    return judged("KiB for each scenario that makes nothing", kept_of_each(flat), KIB_FLAT) and is_met


def kept_of_each(sizes: list[int]) -> float:
    """KiB that memory grows by for each, over the latter half of the hundreds."""
    half = len(sizes) // 2
    return (sizes[-1] - sizes[half]) / 1024 / (100 * max(1, len(sizes) - 1 - half))


def cost(stage: Stage, catalog: Any, ids: list[str]) -> tuple[float, float]:
    """Seconds by the wall and of this process' processor time. Raises RuntimeError where one does not pass."""
    began, cpu = time.perf_counter(), time.process_time()
    results = run_checks(ids, stage, catalog=catalog)
    spent = time.perf_counter() - began, time.process_time() - cpu
    for identity in ids:
        if results[identity].outcome is not Outcome.PASSED:
            raise RuntimeError(f"{identity}: {results[identity]}")
    return spent


def resident() -> int:
    """Bytes of memory of this process, in which Stripe is too."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def judged(what: str, value: float, at_most: float) -> bool:
    """Print a figure with its bound, and return whether it is kept."""
    is_met = value <= at_most
    print(f"  {value:,.3g} {what}: at most {at_most:g}, {'met' if is_met else 'MISSED'}", flush=True)
    return is_met


def main() -> int:
    """Measure what was asked for; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--only", nargs="+", choices=("account", "scenarios"), default=("account", "scenarios"))
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--check", nargs="+", default=(), help="account for these alone")
    asked = parser.parse_args()
    is_met = True
    if "account" in asked.only:
        is_met &= account(tuple(asked.check))
    if "scenarios" in asked.only:
        is_met &= scenarios(asked.scenarios)
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
