"""Where scenarios lie: ``<folder>/<family>/<name>.yaml``. What reads them is imported once there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stripe_audit.check import Check

__all__ = ["YAML", "check_of", "own_folder", "scenario_files"]

YAML = (".yaml", ".yml")
INCLUDED = "parts"
"""A folder beside the families, for files that others include."""
_STEPS = re.compile(r"^(steps|fixture):", re.MULTILINE)
_MOST_TOLD = 5


def check_of(path: Path, *, is_deep: bool = False) -> type[Check]:
    """The check that a scenario's file is; ``is_deep``: one that explores more. Raises CatalogError."""
    from stripe_audit.scenario.checking import scenario_check
    from stripe_audit.scenario.reading import read_scenario

    scenario = read_scenario(path)
    if is_deep:
        from stripe_audit.scenario.deepening import deepened

        scenario = deepened(scenario)
    return scenario_check(scenario)


def scenario_files(places: Sequence[Path], problems: list[str]) -> list[Path]:
    """The files of scenarios in folders, sorted; a place may be a file too. What is wrong is added to ``problems``."""
    found: list[Path] = []
    for place in (path.absolute() for path in places):
        if place.is_file():
            found.append(place)
        elif place.is_dir():
            found += _in_folder(place, problems)
        else:
            problems.append(f"{place}: no such folder or file of scenarios")
    return list(dict.fromkeys(found))


def _in_folder(root: Path, problems: list[str]) -> list[Path]:
    files = [path for path in sorted(root.rglob("*")) if path.suffix in YAML]
    right = [path for path in files if path.parent.parent == root and path.parent.name != INCLUDED]
    wrong = [path for path in files if path.parent.parent != root]
    problems += [f"{path}: a scenario lies in a family's folder, {root.name}/<family>/" for path in wrong[:_MOST_TOLD]]
    if len(wrong) > _MOST_TOLD:
        problems.append(f"{root}: {len(wrong) - _MOST_TOLD} more files that lie in no family's folder")
    return right


def own_folder(folder: Path) -> Path | None:
    """The folder ``scenarios`` of a project, if scenarios of ours are in it: others call other things so."""
    root = folder / "scenarios"
    for path in sorted(root.glob("*/*")) if root.is_dir() else ():
        try:
            if path.suffix in YAML and _STEPS.search(path.read_text("utf-8", "replace")):
                return root
        except OSError:
            continue
    return None
