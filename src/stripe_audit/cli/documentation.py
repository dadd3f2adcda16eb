"""Texts about checks, drawn from their classes."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator

from stripe_audit.catalog import Catalog, builtin_folder
from stripe_audit.check import NEEDS
from stripe_audit.phases import PHASES

__all__ = ["explained", "listed_as_json", "listed_as_text"]


def listed_as_text(catalog: Catalog, chosen: Iterable[str]) -> str:
    """One line a check, under its phase and task."""
    wanted = set(chosen)
    lines: list[str] = []
    for phase in PHASES:
        for task in phase.tasks:
            checks = [catalog[identity] for identity in catalog if identity in wanted]
            of_task = [check for check in checks if check.task == task.id]
            if of_task:
                lines.append(f"{task.id} {task.title}")
                lines += [
                    f"    {check.id:<36} {check.severity.value:<9} {check.effect.value:<6} {check.documentation.title}"
                    for check in of_task
                ]
    return "".join(f"{line}\n" for line in lines) + f"{len(wanted)} checks\n"


def listed_as_json(catalog: Catalog, chosen: Iterable[str]) -> str:
    """The same as a list of objects."""
    found = []
    for identity in chosen:
        check = catalog[identity]
        found.append(
            {
                "id": check.id,
                "task": check.task,
                "title": check.documentation.title,
                "severity": check.severity.value,
                "effect": check.effect.value,
                "needs": [NEEDS[need] for need in check.needs],
                "requires": list(check.requires),
                "references": list(check.references),
                "tags": list(check.tags),
            }
        )
    return json.dumps(found, indent=2) + "\n"


def explained(catalog: Catalog, identity: str) -> str:
    """Everything that a check says about itself, and the long fix where there is one."""
    check, width = catalog[identity], min(shutil.get_terminal_size((100, 40)).columns, 100)
    told = check.documentation
    parts = [f"{check.id} — {told.title}", f"task {check.task}, {check.severity.value}, effect {check.effect.value}"]
    for heading, text in (("What it checks", told.what), ("Why it matters", told.why), ("How to fix", told.fix)):
        parts.append(f"\n{heading}\n" + "\n\n".join(_wrapped(text, width)))
    if check.needs:
        parts.append("\nNeeds\n" + "\n".join(f"  {NEEDS[need]}" for need in check.needs))
    if check.references:
        parts.append("\nReferences\n" + "\n".join(f"  {reference}" for reference in check.references))
    parts.append(f"\nSource\n  {catalog.path(identity)}")
    parts += [f"\n{text}" for text in _fixes(told.fix)]
    return "\n".join(parts)


def _wrapped(text: str, width: int) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield textwrap.fill(" ".join(paragraph.split()), width, initial_indent="  ", subsequent_indent="  ")


def _fixes(text: str) -> Iterator[str]:
    """The pages of ``docs/fixes`` that a text names, whole."""
    folder = builtin_folder("fixes")
    for name in dict.fromkeys(re.findall(r"docs/fixes/([a-z-]+\.md)", text)):
        path = folder / name
        if path.is_file():
            yield path.read_text("utf-8").strip()
