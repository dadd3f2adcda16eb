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
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from accounting import Account
from bounds import judged

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import Selection, load_catalog
from stripe_audit.demo.project import write_project
from stripe_audit.models import Outcome
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks

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
    is_met = judged("ms of engine's processor time an exchange", kept.cpu["engine"] / exchanges * 1000, at_most=CPU_MS)
    missing = wall - told + kept.seconds["unexplained"]
    return judged("of the wall time unexplained", missing / wall, at_most=UNEXPLAINED) and is_met


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
    is_met = judged(f"times {len(many)} × one, by the wall", wall / (one * len(many)), at_most=TIMES)
    is_met &= judged(f"times {len(many)} × one, by the processor", cpu / (one_cpu * len(many)), at_most=TIMES)
    is_met &= judged("KiB for each payment, most of them Stripe's memory of it", kept_of_each(growth), at_most=KIB)
    return judged("KiB for each scenario that makes nothing", kept_of_each(flat), at_most=KIB_FLAT) and is_met


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
