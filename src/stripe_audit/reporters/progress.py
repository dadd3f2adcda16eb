"""Live progress: listens to the engine's events, and tells them on a stream as they come.

A terminal gets a line that is kept up to date, with findings above it as they come; anything else gets a plain line for
each finished check. Events may come from any thread. A stream that breaks ends the telling, never the audit.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Self, TextIO

from stripe_audit.events import (
    CheckBegan,
    CheckFinished,
    Event,
    NoteAdded,
    PhaseStarted,
    RunFinished,
    RunStarted,
)
from stripe_audit.models import CheckResult, Outcome, Severity
from stripe_audit.reporters.quoting import fit, plural, quoted
from stripe_audit.reporters.wording import OUTCOME_SIGNS, why_unjudged

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

__all__ = ["LiveProgress", "PlainProgress", "Progress", "finished_line", "progress_on"]

_RUNNING_CAP = 4


class Progress:
    """A listener for the engine's events. Use it as a context manager, so that the terminal is left tidy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_broken = False

    def __call__(self, event: Event) -> None:
        """Tell an event. Never raises for a stream that is closed, full or gone."""
        with self._lock:
            if self._is_broken:
                return
            try:
                self._tell(event)
            except (OSError, ValueError):  # a closed pipe, a full disk, a closed file
                self._is_broken = True

    def close(self) -> None:
        """Leave the stream tidy. Safe to call twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, event: Event) -> None:
        raise NotImplementedError


def progress_on(stream: TextIO) -> Progress:
    """Live progress where the stream is a terminal that can move its cursor, else a plain line per finished check."""
    is_terminal = stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
    return LiveProgress(stream) if is_terminal else PlainProgress(stream)


def finished_line(result: CheckResult) -> str:
    """What became of a check, on one line."""
    return f"{OUTCOME_SIGNS[result.outcome]} {quoted(result.check, 100)}  {quoted(_told(result), 600)}"


def _told(result: CheckResult) -> str:
    if result.outcome is Outcome.PASSED:
        return f"{result.duration_s:.2f} s"
    if result.outcome is Outcome.FAILED and result.findings:
        worst = max(result.findings, key=lambda one: (one.severity or Severity.INFO).rank)
        more = f" (and {plural(len(result.findings) - 1, 'more finding')})" if len(result.findings) > 1 else ""
        error = f"; error: {result.error}" if result.error else ""
        return f"{worst.severity or Severity.INFO}: {quoted(worst.title, 300)}{more}{error}"
    return f"{result.outcome}: {why_unjudged(result)}"


class PlainProgress(Progress):
    """A line for each finished check, and for each note."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def _tell(self, event: Event) -> None:
        if isinstance(event, CheckFinished):
            self._write(finished_line(event.result))
        elif isinstance(event, NoteAdded):
            self._write(f"note: {quoted(event.text)}")
        elif isinstance(event, RunFinished) and event.interrupted:
            self._write("interrupted")

    def _write(self, line: str) -> None:
        self._stream.write(fit(line, self._stream.encoding or "utf-8") + "\n")
        self._stream.flush()


class LiveProgress(Progress):
    """One line at the bottom: the phase, what runs, counts. Findings, errors and notes stay above it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._console = _console_on(stream)
        self._live: Live | None = None
        self._phase = ""
        self._running: dict[str, None] = {}
        self._outcomes: dict[Outcome, int] = {}
        self._total = 0

    def close(self) -> None:
        """Take the line away."""
        with self._lock:
            live, self._live = self._live, None
            try:
                if live:
                    live.stop()
            except (OSError, ValueError):
                self._is_broken = True

    def _tell(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._total = event.total
        elif isinstance(event, PhaseStarted):
            self._phase = f"{event.number} {event.title}"
        elif isinstance(event, CheckBegan):
            self._running[event.check] = None
        elif isinstance(event, CheckFinished):
            self._finish(event.result)
        elif isinstance(event, NoteAdded):
            self._say("note: ", "dim", event.text)
        elif isinstance(event, RunFinished):
            live, self._live = self._live, None
            if live:
                live.stop()
            if event.interrupted:
                self._say("interrupted", "yellow", "")
            return
        self._refresh()

    def _finish(self, result: CheckResult) -> None:
        self._running.pop(result.check, None)
        self._outcomes[result.outcome] = self._outcomes.get(result.outcome, 0) + 1
        if result.outcome in (Outcome.ERRORED, Outcome.INCONCLUSIVE):
            sign = OUTCOME_SIGNS[result.outcome]
            self._say(f"{sign} {result.check} ", "yellow", f"{result.outcome}: {why_unjudged(result)}")
        for finding in result.findings:
            severity = finding.severity or Severity.INFO
            style = "red" if severity.at_least(Severity.HIGH) else "yellow"
            self._say(f"{OUTCOME_SIGNS[Outcome.FAILED]} {severity}: ", style, f"{finding.title} ({result.check})")

    def _say(self, mark: str, style: str, text: str) -> None:
        """A line that stays, above the live one."""
        self._console.print(self._text((mark, style), (quoted(text), "")))

    def _refresh(self) -> None:
        from rich.live import Live

        if self._live is None:
            self._live = Live(
                console=self._console,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(self._status(), refresh=True)

    def _status(self) -> Text:
        running = list(self._running)
        names = ", ".join(running[:_RUNNING_CAP]) + (f" +{len(running) - _RUNNING_CAP}" * (len(running) > _RUNNING_CAP))
        counts = "".join(f" {OUTCOME_SIGNS[one]}{self._outcomes[one]}" for one in Outcome if one in self._outcomes)
        finished = sum(self._outcomes.values())
        line = self._text(
            (self._phase, "bold"),
            (f" · {finished} of {self._total}", ""),
            (counts, ""),
            (f" · running {names}" if names else "", "dim"),
        )
        line.no_wrap = True
        line.overflow = "crop"
        return line

    def _text(self, *pieces: tuple[str, str]) -> Text:
        from rich.text import Text

        line = Text()
        for content, style in pieces:
            line.append(fit(content, self._console.encoding), style or None)
        return line


def _console_on(stream: TextIO) -> Console:
    from rich.console import Console

    class ProgressConsole(Console):
        """Rich would end the process when the pipe breaks, and close its standard output."""

        def on_broken_pipe(self) -> None:
            raise OSError("the stream of the progress is gone")

    return ProgressConsole(file=stream, force_terminal=True, highlight=False, markup=False, emoji=False)
