"""Audit the shops in examples/, each as it is: all sound ones without a finding, the reviewed one as its review says.

    python scripts/examples.py [--write] [SHOP ...]

``--write`` renews ``docs/example-report.md`` and the findings that are expected of the reviewed system. Ports, times
and the ids of objects are left out of both, since they differ from run to run.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SOUND = ("flask-shop", "fastapi-shop", "django-shop", "express-shop", "nextjs-shop", "fastify-shop/fixed")
REVIEWED = "fastify-shop/as-reviewed"
EXPECTED = ROOT / "examples" / REVIEWED / "expected.json"
REPORT = ROOT / "docs" / "example-report.md"
AT_ONCE = 2
"""How many sound shops are audited side by side: most of an audit's time is spent waiting."""
_COMMAND = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "run", "--quiet", "--seed", "7"]
_DIFFER = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\bport \d+", "port PORT"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, [^\n]*", "DATE"),
    (r"^- All exchanges: .*\n", ""),
    (r"(passed|failed|inconclusive|errored|skipped) in [\d.]+ (ms|s)", r"\1"),
    (r"\b[\dN]+(\.\d+)? (ms|s|seconds|min)\b", "N s"),
    (r"\bN s N s\b", "N s"),
    (r"\bx\d+\b", "xN"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)", "DATE"),
    (r"and \d+ requests", "and N requests"),
    (r"first N s, then p95 N s of \d+", "first N s, then p95 N s of N"),
    (r"\b(pi|evt|ch|cus|req|we|pm|in|sub)(\\?_)[A-Za-z0-9]{8,}", r"\1\2…"),
    (r"\"created\": \d+", '"created": N'),
    (r"\bt=\d+,v1=[0-9a-f]+", "t=N,v1=…"),
    (r"\(\d+ more characters\)", "(N more characters)"),
    (r"\b(tells of|sets) \d+ variables", r"\1 N variables"),
    (r"\b\d+ (log lines|lines|files|contents|deliveries)\b", r"N \1"),
    (r"\b[\d.]+ MB\b", "N MB"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"(\\\"(time|pid|remotePort)\\\":)\d+", r"\1N"),
    (r"(\\\"(hostname|reqId)\\\":\\\")[^\\]*", r"\1…"),
    (r"(\"lines\": \[\".*?\}\", ).*", r"\1…"),  # the rest is cut somewhere
    (r"(\\?\"stack\\?\": *\\?\").*", r"\1…"),  # where the project lies, and how much of it is quoted
)


def audit(shop: str, folder: Path, patience: float | None = None) -> tuple[int, dict[str, Any], str]:
    """Exit code, report as JSON and as Markdown of an example, audited in its own folder."""
    name = shop.replace("/", "-")
    wanted = {"json": folder / f"{name}.json", "markdown": folder / f"{name}.md"}
    formats = [word for kind, path in wanted.items() for word in ("--format", f"{kind}={path}")]
    variables = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if patience:
        variables["STRIPE_AUDIT_AUDIT__PATIENCE"] = str(patience)
    done = subprocess.run(
        [*_COMMAND, "--output", str(folder / name), *formats],
        cwd=ROOT / "examples" / shop,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if not wanted["json"].exists():
        raise RuntimeError(f"no report\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.returncode, json.loads(wanted["json"].read_text("utf-8")), wanted["markdown"].read_text("utf-8")


def findings(report: dict[str, Any]) -> list[str]:
    """Task, check, severity and title of every finding, in a fixed order."""
    found = {
        f"{result['task']} {result['check']}: {finding['severity']}: {finding['title']}"
        for result in report["results"]
        for finding in result["findings"]
    }
    return sorted(found)


def still(text: str) -> str:
    """A report without what differs from run to run."""
    for pattern, instead in _DIFFER:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text


def sound_problem(shop: str, folder: Path) -> str | None:
    """What is wrong with the audit of a sound shop."""
    code, report, _ = audit(shop, folder)
    troubled = [f"{one['check']}: {one['error']}" for one in report["results"] if one["outcome"] == "errored"]
    if code or report_is_gray(report) or troubled:
        return "\n".join([f"exit code {code}", *findings(report), *troubled])
    return None


def report_is_gray(report: dict[str, Any]) -> bool:
    """Whether anything at or above the line was found."""
    return any(
        finding["severity"] in ("critical", "high", "medium")
        for one in report["results"]
        for finding in one["findings"]
    )


def reviewed_problem(folder: Path, *, is_written: bool) -> str | None:
    """Whether the audit of the reviewed system says what its review says."""
    code, report, text = audit(REVIEWED, folder, patience=2.0)
    found, shown = findings(report), still(text)
    if is_written:
        EXPECTED.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
        REPORT.write_text(shown, "utf-8")
    expected = json.loads(EXPECTED.read_text("utf-8"))
    problems = list(difflib.unified_diff(expected, found, "expected", "found", "", "", 0, ""))
    tasks = {line.split()[0] for line in found}
    every = {result["task"] for result in report["results"]}
    if code != 1:
        problems.append(f"exit code {code}, not 1")
    if not is_written and REPORT.read_text("utf-8") != shown:
        problems.append("docs/example-report.md is stale: python scripts/examples.py --write fastify-shop/as-reviewed")
        problems += difflib.unified_diff(
            REPORT.read_text("utf-8").splitlines(), shown.splitlines(), "kept", "now", n=0, lineterm=""
        )
    quiet = {task for task in every if task[0] in "23456"} - tasks - {"2.4"}
    if quiet:  # the review had something to say of each; of refused garbage (2.4) there is nothing that was not told
        problems.append(f"nothing was found in tasks {', '.join(sorted(quiet))}")
    return "\n".join(problems) or None


def main() -> int:
    """Audit those that are asked for."""
    parser = argparse.ArgumentParser(description="Audit the examples.")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("shops", nargs="*", metavar="SHOP")
    asked = parser.parse_args()
    chosen = asked.shops or [*SOUND, REVIEWED]
    with tempfile.TemporaryDirectory(prefix="stripe-audit-examples-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        sound = [shop for shop in chosen if shop != REVIEWED]
        problems = [told(shop, *one) for shop, one in zip(sound, pool.map(timed_in(folder), sound), strict=True)]
        if REVIEWED in chosen:  # alone: what it says of times is compared
            problems.append(told(REVIEWED, *timed_in(folder, is_written=asked.write)(REVIEWED)))
    return int(any(problems))


def timed_in(folder: str, *, is_written: bool = False) -> Callable[[str], tuple[str | None, float]]:
    """What audits a shop, and says what is wrong with that and how many seconds it took."""

    def timed(shop: str) -> tuple[str | None, float]:
        began = time.monotonic()
        try:
            if shop == REVIEWED:
                problem = reviewed_problem(Path(folder), is_written=is_written)
            else:
                problem = sound_problem(shop, Path(folder))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            problem = str(error)
        return problem, time.monotonic() - began

    return timed


def told(shop: str, problem: str | None, seconds: float) -> bool:
    """Whether there is a problem, after it was printed."""
    sys.stdout.write(f"{'!! ' if problem else 'ok '} {shop:<28} {seconds:5.1f} s\n{problem or ''}")
    sys.stdout.write("\n" if problem else "")
    sys.stdout.flush()
    return problem is not None


if __name__ == "__main__":
    sys.exit(main())
