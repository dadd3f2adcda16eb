"""What a reporter is, which ones there are, and how a user asks for one.

Importing this is cheap: the libraries that the formats need are imported when a reporter is first asked for.
"""

from __future__ import annotations

import difflib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

from stripe_audit.errors import UsageError
from stripe_audit.report import Report

__all__ = ["FORMATS", "Output", "Reporter", "parse_output", "reporter_named"]

_HOMES = {
    "html": ("html", "HtmlReporter"),
    "json": ("json_format", "JsonReporter"),
    "markdown": ("markdown", "MarkdownReporter"),
    "terminal": ("terminal", "TerminalReporter"),
    "sarif": ("sarif", "SarifReporter"),
    "junit": ("junit", "JunitReporter"),
    "github": ("github", "GithubReporter"),
    "github-summary": ("github_markdown", "GithubSummaryReporter"),
    "github-comment": ("github_markdown", "GithubCommentReporter"),
    "gitlab": ("gitlab", "GitlabReporter"),
    "csv": ("csv_format", "CsvReporter"),
}
FORMATS = tuple(_HOMES)
"""The names of all formats."""


class Reporter(ABC):
    """Renders a report in one format. The same report gives the same text, whatever the machine, time or locale."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """How files of this format end, with the dot."""

    @abstractmethod
    def render(self, report: Report) -> str:
        """The report as text that ends with a newline. Encodes as UTF-8, whatever the report holds."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a report is to go: the name of a format, and the file, or None for standard output."""

    format: str
    path: Path | None = None


def reporter_named(name: str) -> Reporter:
    """The reporter of a format. Raises UsageError with suggestions for an unknown name."""
    if name not in _HOMES:
        raise UsageError(f"unknown format {name!r}", hint=_suggestion(name, FORMATS))
    module, kind = _HOMES[name]
    return cast(Reporter, getattr(importlib.import_module(f"stripe_audit.reporters.{module}"), kind)())


def parse_output(text: str) -> Output:
    """What ``FORMAT`` or ``FORMAT=PATH`` means; ``-`` as the path is standard output. Raises UsageError."""
    name, separator, place = text.partition("=")
    name = name.strip().lower()
    if name not in _HOMES:
        hint = _suggestion(name, FORMATS)
        if not separator and Path(text).suffix:
            fitting = _FITTING.get(Path(text).suffix.lower(), "json")
            hint = f"a file is given as FORMAT=PATH: {fitting}={text}"
        raise UsageError(f"unknown format {name!r}", hint=hint)
    if not separator or place == "-":
        return Output(name)
    if not place.strip() or "\0" in place:
        raise UsageError(
            f"no path after {name}=", hint=f"{name}=FILE writes to a file, {name} alone to standard output"
        )
    return Output(name, Path(place).expanduser())


_FITTING = {".md": "markdown", ".txt": "terminal", ".sarif": "sarif", ".xml": "junit", ".csv": "csv"}
"""What a file's ending suggests; ``json`` for all others."""


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*known, "md", "text"], n=1, cutoff=0.5)
    meant = {"md": "markdown", "text": "terminal"}.get(near[0], near[0]) if near else None
    return f"did you mean {meant}?" if meant else f"one of {', '.join(known)}"
