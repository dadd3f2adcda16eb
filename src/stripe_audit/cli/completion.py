"""What a shell offers for the values of options. Checks are known by their files, so that it answers soon."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["check_ids", "defect_ids", "format_names", "phase_names"]


def check_ids(incomplete: str) -> list[str]:
    """The shipped checks and scenarios."""
    from stripe_audit.catalog import builtin_folder

    files = [*builtin_folder("checks").glob("*/[!_]*.py"), *builtin_folder("scenarios").glob("*/*.yaml")]
    return _fitting((path.stem.replace("_", "-") for path in files), incomplete)


def phase_names(incomplete: str) -> list[str]:
    """The six phases by their names."""
    from stripe_audit.phases import PHASES

    return [phase.folder for phase in PHASES if phase.folder.startswith(incomplete)]


def format_names(incomplete: str) -> list[str]:
    """All formats of reports."""
    from stripe_audit.reporters.interface import FILE_FORMATS, FORMATS

    return _fitting((*FORMATS, *FILE_FORMATS), incomplete)


def defect_ids(incomplete: str) -> list[str]:
    """The defects of the demo shop."""
    from stripe_audit.demo.defects import DEFECTS

    return _fitting(DEFECTS, incomplete)


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
