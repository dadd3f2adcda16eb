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

__all__ = [
    "FILE_FORMATS",
    "FORMATS",
    "FileReporter",
    "Output",
    "Reporter",
    "file_reporter_named",
    "parse_output",
    "reporter_named",
]

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
_FILE_HOMES = {"pdf": ("pdf", "PdfReporter")}
FORMATS = tuple(_HOMES)
"""The names of all formats that are text."""
FILE_FORMATS = tuple(_FILE_HOMES)
"""The names of those that only a file can hold."""


class FileReporter(ABC):
    """Makes a file of a report, in one format."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """How files of this format end, with the dot."""

    @abstractmethod
    def encoded(self, report: Report) -> bytes:
        """The report as what a file holds. Raises OutputError where a program that is needed fails."""

    def check_ready(self) -> None:  # noqa: B027 - most formats need nothing
        """Raises UsageError, before the run, where what the format needs is not on this machine."""


class Reporter(FileReporter):
    """Renders a report as text. The same report gives the same text, whatever the machine, time or locale."""

    @abstractmethod
    def render(self, report: Report) -> str:
        """The report as text that ends with a newline. Encodes as UTF-8, whatever the report holds."""

    def encoded(self, report: Report) -> bytes:
        """The text as UTF-8."""
        return self.render(report).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Output:
    """Where a report is to go: the name of a format, and the file, or None for standard output."""

    format: str
    path: Path | None = None


def reporter_named(name: str) -> Reporter:
    """The reporter of a format that is text. Raises UsageError with suggestions for an unknown name."""
    if name not in _HOMES:
        raise UsageError(f"unknown format {name!r}", hint=_suggestion(name, FORMATS))
    return cast(Reporter, _made(*_HOMES[name]))


def file_reporter_named(name: str) -> FileReporter:
    """The reporter of any format. Raises UsageError with suggestions for an unknown name."""
    return cast(FileReporter, _made(*_FILE_HOMES[name])) if name in _FILE_HOMES else reporter_named(name)


def _made(module: str, kind: str) -> object:
    return getattr(importlib.import_module(f"stripe_audit.reporters.{module}"), kind)()


def parse_output(text: str) -> Output:
    """What ``FORMAT`` or ``FORMAT=PATH`` means; ``-`` as the path is standard output. Raises UsageError."""
    name, separator, place = text.partition("=")
    name = name.strip().lower()
    if name not in (*FORMATS, *FILE_FORMATS):
        hint = _suggestion(name, (*FORMATS, *FILE_FORMATS))
        if not separator and Path(text).suffix:
            fitting = _FITTING.get(Path(text).suffix.lower(), "json")
            hint = f"a file is given as FORMAT=PATH: {fitting}={text}"
        raise UsageError(f"unknown format {name!r}", hint=hint)
    if name in FILE_FORMATS and (not separator or place == "-"):
        raise UsageError(f"{name} goes to a file", hint=f"{name}=FILE")
    if not separator or place == "-":
        return Output(name)
    if not place.strip() or "\0" in place:
        raise UsageError(
            f"no path after {name}=", hint=f"{name}=FILE writes to a file, {name} alone to standard output"
        )
    return Output(name, Path(place).expanduser())


_FITTING = {
    ".md": "markdown",
    ".html": "html",
    ".pdf": "pdf",
    ".txt": "terminal",
    ".sarif": "sarif",
    ".xml": "junit",
    ".csv": "csv",
}
"""What a file's ending suggests; ``json`` for all others."""


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*known, "md", "text"], n=1, cutoff=0.5)
    meant = {"md": "markdown", "text": "terminal"}.get(near[0], near[0]) if near else None
    return f"did you mean {meant}?" if meant else f"one of {', '.join(known)}"
