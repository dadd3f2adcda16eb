"""Where reports go: standard output, files, the run's folder. What cannot be written is said before the run."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_audit.errors import OutputError, UsageError
from stripe_audit.reporters.interface import (
    FILE_FORMATS,
    FORMATS,
    Output,
    file_reporter_named,
    parse_output,
    reporter_named,
)

if TYPE_CHECKING:
    from stripe_audit.events import Event
    from stripe_audit.plan import Plan
    from stripe_audit.report import Report
    from stripe_audit.settings import Settings

__all__ = ["FORMAT_HELP", "Outputs", "check_writable", "new_run_folder", "progress_listener", "saved_report"]

REPORT_NAME = "report.json"
FORMAT_HELP = f"{', '.join((*FORMATS, *FILE_FORMATS))}; FORMAT=PATH writes a file. Repeatable."
_OF_PLANS = ("terminal", "markdown")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is to be written; one of them to standard output, unless something else stands there."""

    wanted: tuple[Output, ...]

    @staticmethod
    def read(texts: Sequence[str], *, is_plan: bool = False, printed_by: str | None = None) -> Outputs:
        """From flags. Raises UsageError for an unknown format, two on standard output, or a path that cannot be.

        ``printed_by`` is the flag that takes standard output for something else.
        """
        wanted = [parse_output(text) for text in texts]
        printed = [output for output in wanted if output.path is None]
        takers = [*([printed_by] if printed_by else []), *(output.format for output in printed)]
        if len(takers) > 1:
            names = " and ".join(takers)
            raise UsageError(f"{names} cannot both go to standard output", hint="write one to a file: FORMAT=PATH")
        for output in wanted:
            if output.path is not None:
                check_writable(output.path, f"--format {output.format}=")
            if output.format in FILE_FORMATS:
                file_reporter_named(output.format).check_ready()
            if is_plan and output.format not in _OF_PLANS:
                raise UsageError(
                    f"the plan has no {output.format} format", hint=f"--dry-run prints {' or '.join(_OF_PLANS)}"
                )
        if not takers:
            wanted.append(Output("terminal"))
        return Outputs(tuple(wanted))

    def write(self, report: Report) -> None:
        """Every format. Raises OutputError naming the first file that could not be written, after all were tried."""
        failures = []
        for output in self.wanted:
            if output.path is None:
                with _reader_may_leave():
                    _print_report(output.format, report)
                continue
            try:
                _write_bytes(output.path, file_reporter_named(output.format).encoded(report))
            except OutputError as error:
                failures.append(error)
        if failures:
            hint = f"the report is kept in {report.run.folder}" if report.run.folder else None
            raise OutputError(failures[0].message, hint=hint)

    def write_plan(self, plan: Plan, settings: Settings) -> None:
        """The plan instead of a report. Raises OutputError."""
        from stripe_audit.reporters.action_plan import render_plan_markdown, render_plan_text

        target = f"{settings.model.target.name} ({settings.model.target.url})"
        for output in self.wanted:
            if output.format == "markdown":
                text = render_plan_markdown(plan, target)
            else:
                text = render_plan_text(plan, target, width=shutil.get_terminal_size((100, 40)).columns)
            if output.path is None:
                _print(text)
            else:
                _write(output.path, text)

    def write_texts(self, texts: Mapping[str, str]) -> None:
        """What was made in each format, by its name. Raises OutputError."""
        for output in self.wanted:
            if output.path is None:
                with _reader_may_leave():
                    _print(texts[output.format])
            else:
                _write(output.path, texts[output.format])

    @staticmethod
    def keep(report: Report, folder: Path | None) -> None:
        """Keep the report in the run's folder; a full disk is told, and is no reason to lose what is printed."""
        if folder is None:
            return
        path = folder / REPORT_NAME
        try:
            _write(path, reporter_named("json").render(report))
            sys.stderr.write(f"kept in {path}\n")
        except OutputError as error:
            sys.stderr.write(f"warning: {error.message}\n")


def check_writable(path: Path, flag: str) -> None:
    """Whether a file can be written, before the run. Raises UsageError; ``flag`` is what a path is written after."""
    folder = path.absolute().parent
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint=f"{flag}FOLDER/FILE")
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}", hint="make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{path} cannot be written", hint="choose another path, or mend its permissions")


def _write(path: Path, text: str) -> None:
    _write_bytes(path, text.encode("utf-8"))


def _write_bytes(path: Path, data: bytes) -> None:
    """All of it or nothing, so that a full disk leaves no half of a report behind."""
    from stripe_audit.deployment.launch.scratch import announce_draft

    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.exists() and not path.is_file():  # a pipe or a device
            path.write_bytes(data)
            return
        announce_draft(draft)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from None


def _print(text: str) -> None:
    sys.stdout.flush()
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _print_report(name: str, report: Report) -> None:
    if name != "terminal":
        _print(reporter_named(name).render(report))
        return
    from rich.console import Console

    from stripe_audit.reporters.terminal import print_report

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the process with 1, which means a finding

    print_report(report, Terminal(highlight=False, markup=False, emoji=False))
    sys.stdout.flush()


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Whoever reads our output may have seen enough (``| head``); the exit code stays what the report says."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def new_run_folder(base: Path) -> Path:
    """A folder for one run, readable by its owner only. Raises OutputError."""
    folder = base / f"{time.strftime('%Y-%m-%dT%H-%M-%SZ', time.gmtime())}-{secrets.token_hex(2)}"
    try:
        base.mkdir(parents=True, exist_ok=True)
        ignore = base / ".gitignore"
        if not ignore.exists():
            ignore.write_text("# exchanges with the target; nothing to commit\n*\n", "utf-8")
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise OutputError(
            f"the run's folder {folder} cannot be made: {error.strerror}", hint="name another place with --output DIR"
        ) from None
    return folder


def saved_report(path: Path) -> Report:
    """A saved report, from its file or its run's folder. Raises UsageError."""
    from stripe_audit.reporters.json_format import read_report

    return read_report(path / REPORT_NAME if path.is_dir() else path)


@contextmanager
def progress_listener(*, is_quiet: bool) -> Iterator[list[Callable[[Event], None]]]:
    """Listeners that show progress on stderr while this lasts."""
    if is_quiet:
        yield []
        return
    from stripe_audit.reporters.progress import progress_on

    with progress_on(sys.stderr) as progress:
        yield [progress]
