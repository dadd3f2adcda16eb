"""Write the generated pages, or say which of them are stale.

    python scripts/docs.py [--check]

``docs/checks.md`` comes from the checks' docstrings, ``docs/stripe-audit.schema.json`` from the settings' models,
``docs/scenario.schema.json`` from the scenarios' models, and the part of ``README.md`` between the markers from
``stripe-audit run --help``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from stripe_audit.catalog import Catalog, load_catalog
from stripe_audit.check import NEEDS
from stripe_audit.demo.defects import DEFECTS
from stripe_audit.phases import PHASES
from stripe_audit.scenario.schema import schema_text as scenario_schema
from stripe_audit.settings import schema_text

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- run --help: written by scripts/docs.py -->", "<!-- end -->"


def checks_page(catalog: Catalog) -> str:
    """Every check by phase and task."""
    lines = [
        "# Checks",
        "",
        f"{len(catalog)} checks in six phases and 24 tasks. Written by `make docs`; do not edit.",
        "",
    ]
    for phase in PHASES:
        lines += [f"## {phase.number} {phase.title}", ""]
        for task in phase.tasks:
            lines += [f"### {task.id} {task.title}", ""]
            for identity in catalog:
                if catalog[identity].task == task.id:
                    lines += [*_check(catalog, identity), ""]
    return "\n".join(lines)


def _check(catalog: Catalog, identity: str) -> Iterator[str]:
    check, told = catalog[identity], catalog[identity].documentation
    yield f"#### `{identity}`: {told.title}"
    yield ""
    yield f"Severity {check.severity.value} · effect {check.effect.value} · needs " + (
        ", ".join(f"`{NEEDS[need]}`" for need in check.needs) or "nothing"
    )
    for heading, text in (("What it checks", told.what), ("Why it matters", told.why), ("How to fix", told.fix)):
        yield ""
        yield f"**{heading}.** {' '.join(text.split())}"
    if check.references:
        yield ""
        yield "References: " + ", ".join(check.references)
    defects = ", ".join(f"`{defect.id}`" for defect in DEFECTS.values() if defect.breaks == identity)
    if defects:
        yield ""
        yield f"Fails on the demo shop with: {defects}"


def readme(text: str) -> str:
    """The README with the help text as it is now. Raises ValueError where the markers are gone."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"README.md has lost its markers {BEGIN} … {END}")
    return f"{before}{BEGIN}\n```text\n{_help()}```\n{END}{after}"


def _help() -> str:
    command = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "run", "--help"]
    env = {**os.environ, "COLUMNS": "110", "TERMINAL_WIDTH": "110", "NO_COLOR": "1"}
    text = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    return "".join(line.rstrip() + "\n" for line in text.strip().splitlines())


def main() -> int:
    """Write, or check; 1 if something is stale."""
    is_checking = "--check" in sys.argv[1:]
    pages = {
        ROOT / "docs" / "checks.md": checks_page(load_catalog()),
        ROOT / "docs" / "stripe-audit.schema.json": schema_text(),
        ROOT / "docs" / "scenario.schema.json": scenario_schema(),
        ROOT / "README.md": readme((ROOT / "README.md").read_text("utf-8")),
    }
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        sys.stdout.write(f"{'stale' if is_checking else 'written'}: {path.relative_to(ROOT)}\n")
        if not is_checking:
            path.write_text(pages[path], "utf-8")
    if stale and is_checking:
        sys.stdout.write("run: make docs\n")
    return int(bool(stale) and is_checking)


if __name__ == "__main__":
    sys.exit(main())
