"""How truly the emulator plays Stripe, by clients that nobody here wrote.

    python scripts/conformance.py [--only CLIENT ...] [--verbose] [--raise]

Prints a row for each client: the official Stripe CLI's triggers (exit 0, and the event listed, delivered, and with the
right states around it) and its ``listen`` checks, the behaviours that the official Python and Node libraries see, and
the fields of the objects that all the triggers leave behind, against the classes of the ``stripe`` package. Exits 1 if
a row is below its number in ``scripts/conformance.json``; ``--raise`` writes the better numbers there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
NUMBERS = Path(__file__).with_suffix(".json")
WORKERS = 3
"""On two cores: a trigger waits for processes and events more than it computes."""


@dataclass
class Row:
    """One client: ``passed`` of ``total``, and what is wrong with the others."""

    title: str
    passed: int = 0
    total: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, name: str, problem: str | None) -> None:
        """Count one."""
        self.total += 1
        self.passed += problem is None
        if problem is not None:
            self.problems[name] = problem


def triggers(events: list[dict[str, Any]]) -> Row:
    """All triggers of the CLI that stay on the loopback; ``events`` gets whatever happened."""
    from tests.emulator import triggers as judged

    row = Row("Stripe CLI: triggers with their event")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        home = Path(folder)
        found = pool.map(lambda name: (name, _guarded(lambda: judged.run(name, home, events.extend))), judged.TABLE)
        for name, problem in found:
            row.add(name, problem)
    return row


def listening() -> Row:
    """The tests of ``stripe listen``, ``logs tail``, ``events resend`` and the other commands."""
    return _tests("Stripe CLI: listen checks", "tests/emulator/test_stripe_cli.py")


def python() -> Row:
    """The behaviours that the Python library sees."""
    return _tests("Python SDK: behaviours", "tests/emulator/test_behaviours.py")


def node() -> Row:
    """The behaviours that the Node library sees."""
    from tests.emulator.node_sdk import run_behaviours

    from stripe_audit.emulator import Emulator, EmulatorConfig

    row = Row("Node SDK: behaviours")
    with Emulator(EmulatorConfig(refund_delay=0.02)) as emulator:
        for name, problem in run_behaviours(emulator).items():
            row.add(name, problem)
    return row


def shapes(events: list[dict[str, Any]]) -> Row:
    """The fields of each kind of object that an event was about, against its class in the package."""
    from tests.emulator.shape_fields import compared

    row = Row("Shapes: fields of objects in events")
    for name, problem in compared([event["data"]["object"] for event in events]).items():
        row.add(name, problem)
    return row


def _tests(title: str, path: str) -> Row:
    row = Row(title)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", path, f"--junitxml={report}", "-p", "no:cacheprovider"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  our own report
            bad = [node for node in case if node.tag in ("failure", "error", "skipped")]
            name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
            row.add(name, str(bad[0].get("message"))[:200] if bad else None)
    return row


def _guarded(run: Callable[[], str | None]) -> str | None:
    try:
        return run()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def measured(only: list[str]) -> dict[str, Row]:
    """The rows, by their short names."""
    events: list[dict[str, Any]] = []
    steps: dict[str, Callable[[], Row]] = {
        "triggers": lambda: triggers(events),
        "listen": listening,
        "python": python,
        "node": node,
        "shapes": lambda: shapes(events),
    }
    wanted = {name: step for name, step in steps.items() if not only or name in only}
    if "shapes" in wanted and "triggers" not in wanted:
        triggers(events)
    rows: dict[str, Row] = {}

    def run(name: str) -> None:
        began = time.monotonic()
        rows[name] = wanted[name]()
        rows[name].seconds = time.monotonic() - began

    # The tests have processes of their own and run beside the triggers; what needs the events comes last.
    with ThreadPoolExecutor(1) as beside:
        others = [beside.submit(run, name) for name in wanted if name in ("listen", "python")]
        for name in ("triggers", "node", "shapes"):
            if name in wanted:
                run(name)
        for other in others:
            other.result()
    return {name: rows[name] for name in steps if name in rows}


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description="How truly the emulator plays Stripe.")
    parser.add_argument("--only", nargs="+", default=[], choices=["triggers", "listen", "python", "node", "shapes"])
    parser.add_argument("--verbose", action="store_true", help="also print what is wrong")
    parser.add_argument("--raise", action="store_true", dest="is_raising", help="write the better numbers")
    asked = parser.parse_args()
    least: dict[str, int] = json.loads(NUMBERS.read_text("utf-8"))
    rows = measured(asked.only)
    width = max(len(row.title) for row in rows.values())
    sys.stdout.write(f"{'client':<{width}}   passed  total  at least  seconds\n")
    is_below = False
    for name, row in rows.items():
        mark = "  BELOW" if row.passed < least[name] else ""
        is_below = is_below or bool(mark)
        sys.stdout.write(
            f"{row.title:<{width}}  {row.passed:>7}  {row.total:>5}  {least[name]:>8}  {row.seconds:>7.1f}{mark}\n"
        )
        if asked.verbose or mark:
            sys.stdout.writelines(f"    {one}: {problem}\n" for one, problem in row.problems.items())
    if asked.is_raising:
        better = {name: max(number, rows[name].passed) if name in rows else number for name, number in least.items()}
        NUMBERS.write_text(json.dumps(better, indent=1) + "\n", "utf-8")
    return int(is_below)


if __name__ == "__main__":
    sys.exit(main())
