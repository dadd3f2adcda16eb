"""All defects against all checks.

    python scripts/matrix.py [--shard I/N] [DEFECT ...]

Each row is the demo shop with one defect, and what changes against the sound shop. It is written into
``docs/matrix.md`` as soon as it ran, with its day and commit; the others stay, and those of defects that are gone are
dropped. The exit code is 1 where a defect's own check does not fail, or where other verdicts change than it says.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import Catalog, load_catalog
from stripe_audit.demo.defects import DEFECTS, Defect, chosen
from stripe_audit.demo.programs import programs_first
from stripe_audit.demo.project import write_project
from stripe_audit.models import Outcome
from stripe_audit.settings import load_settings
from stripe_audit.testing import demo_stage, run_checks

ROOT = Path(__file__).parent.parent
PATIENCE_S = 2.0
"""With the shop, its checks and the embedded Stripe in one process an effect can take more than a second."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a defect changed: the outcome of its own check, and the others whose outcome is another than when sound."""

    defect: Defect
    own: Outcome
    changed: tuple[str, ...]
    seconds: float

    @property
    def problem(self) -> str | None:
        """What is not as the defect says, in words."""
        if self.own is not Outcome.FAILED:
            return f"its own check {self.own}"
        if "*" in self.defect.also:
            return None
        more = sorted(set(self.changed) - set(self.defect.also) - set(self.defect.perhaps))
        fewer = sorted(set(self.defect.also) - set(self.changed))
        told = [f"also changed: {', '.join(more)}"] if more else []
        told += [f"did not change: {', '.join(fewer)}"] if fewer else []
        return "; ".join(told) or None


def outcomes(defects: list[str], catalog: Catalog, *, is_process: bool) -> dict[str, Outcome]:
    """The outcome of every check."""
    if not is_process:
        with demo_stage(defects=defects, patience=PATIENCE_S) as stage:
            return {name: result.outcome for name, result in run_checks(["*"], stage, catalog=catalog).items()}
    with programs_first(defects), tempfile.TemporaryDirectory() as folder:
        path = write_project(Path(folder), defects=defects)
        flags = {"audit": {"patience": PATIENCE_S}, "target": {"launch": {"ready_within": 3}}}
        with Stage(load_settings(path, flags=flags, environ={})) as stage:
            return {name: result.outcome for name, result in run_checks(["*"], stage, catalog=catalog).items()}


def row(defect: Defect, catalog: Catalog, sound: dict[str, Outcome]) -> Row:
    """Run one row."""
    began = time.monotonic()
    found = outcomes([defect.id], catalog, is_process=defect.is_process)
    changed = tuple(name for name, outcome in found.items() if outcome is not sound[name] and name != defect.breaks)
    return Row(defect, found[defect.breaks], changed, time.monotonic() - began)


def line(entry: Row, stamp: str) -> str:
    """The row as Markdown."""
    also = "all that need the target" if "*" in entry.defect.also else ", ".join(entry.changed) or "–"
    return f"| `{entry.defect.id}` | {entry.defect.title} | {entry.defect.breaks}: {entry.own} | {also} | {stamp} |"


def page(rows: list[Row], catalog: Catalog, before: str) -> str:
    """The page with these rows in the place of their older ones."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    stamp = f"{datetime.datetime.now(datetime.UTC).date().isoformat()} {commit.stdout.strip()}"
    known = {found[1]: found[0] for found in re.finditer(r"^\| `([a-z0-9-]+)` \|.*$", before, re.M)}
    known |= {entry.defect.id: line(entry, stamp) for entry in rows}
    body = [known[name] for name in DEFECTS if name in known]
    head = [
        "# Defects against checks",
        "",
        f"{len(body)} defects, {len(catalog)} checks. Made by `make matrix`; each row bears its day and commit.",
        "Each row is the demo shop with one defect. Its own check fails; *also changed* names every other check whose",
        "outcome differs from the sound shop's.",
        "",
        "| defect | what is wrong | its check | also changed | measured |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *body]) + "\n"


def main() -> int:
    """Run the rows that are asked for."""
    parser = argparse.ArgumentParser(description="All defects against all checks.")
    parser.add_argument("--shard", default="1/1", help="I/N: only every Nth row, from the Ith")
    parser.add_argument("names", nargs="*", metavar="DEFECT")
    asked = parser.parse_args()
    index, count = (int(part) for part in asked.shard.split("/"))
    try:
        wanted = chosen(asked.names) or [*DEFECTS.values()]
    except ValueError as error:
        parser.error(str(error))
    catalog, sound = load_catalog(), dict[bool, dict[str, Outcome]]()
    rows, problems, written = list[Row](), 0, ROOT / "docs" / "matrix.md"
    for defect in wanted[index - 1 :: count]:
        if defect.is_process not in sound:
            sound[defect.is_process] = outcomes([], catalog, is_process=defect.is_process)
        rows.append(row(defect, catalog, sound[defect.is_process]))
        problem = rows[-1].problem
        problems += problem is not None
        sys.stdout.write(
            f"{'ok ' if problem is None else '!! '} {defect.id:<30} {rows[-1].seconds:4.1f} s  {problem or ''}\n"
        )
        sys.stdout.flush()
        written.write_text(page(rows[-1:], catalog, written.read_text("utf-8") if written.exists() else ""), "utf-8")
    sys.stdout.write(f"{len(rows)} rows, {problems} not as declared\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
