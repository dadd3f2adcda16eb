"""What a run keeps in its folder beside its report, and how it is read again."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from stripe_audit.deployment.recorder import exchange_from
from stripe_audit.errors import UsageError
from stripe_audit.models import Exchange
from stripe_audit.redaction import Redactor
from stripe_audit.report import Report
from stripe_audit.reporters.json_format import json_text, plain
from stripe_audit.settings import Settings
from stripe_audit.settings.held_secrets import held_secrets, shown_settings

__all__ = ["EXCHANGES", "SETTINGS", "VERSIONS", "exchanges_in", "folder_of", "keep_circumstances"]

EXCHANGES, SETTINGS, VERSIONS = "exchanges.ndjson", "settings.json", "versions.json"
_REPORT = "report.json"
_LONGEST_LINE = 64 * 1024 * 1024


def keep_circumstances(folder: Path, settings: Settings) -> None:
    """Keep the settings in force, redacted, and the versions of everything. Raises OSError."""
    shown = shown_settings(settings, Redactor(held_secrets(settings)))
    (folder / SETTINGS).write_text(json_text(plain(shown)), "utf-8")
    (folder / VERSIONS).write_text(json_text(_versions()), "utf-8")


def _versions() -> dict[str, Any]:
    import re

    names = sorted({re.split(r"[^A-Za-z0-9._-]", text)[0] for text in metadata.requires("stripe-audit") or ()})
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # an extra that is not installed
            continue
    return {
        "stripe-audit": metadata.version("stripe-audit"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": found,
    }


def folder_of(report: Report, path: Path) -> Path | None:
    """The folder of the run that a report was read from, or that it names; None where it is not on this machine."""
    if path.is_dir():
        return path
    if path.name == _REPORT and (path.parent / EXCHANGES).is_file():
        return path.parent
    named = Path(report.run.folder) if report.run.folder else None
    try:
        kept = json.loads((named / _REPORT).read_bytes()) if named and (named / EXCHANGES).is_file() else {}
        return named if kept["run"]["tag"] == report.run.tag else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def exchanges_in(folder: Path) -> Iterator[Exchange]:
    """Every exchange of a run, one at a time, in the order of their recording. Raises UsageError for another file."""
    path = folder / EXCHANGES
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                number += 1
                yield exchange_from(json.loads(line))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{path}:{number}: no exchange of a run ({type(error).__name__})", hint="the file is not as the run left it"
        ) from None
