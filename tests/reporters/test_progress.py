from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
import threading
import time

import pytest
from tests.reporters.golden import GOLDEN
from tests.reporters.hostile import RAW

from stripe_audit.events import (
    CheckBegan,
    CheckFinished,
    NoteAdded,
    PhaseFinished,
    PhaseStarted,
    RunFinished,
    RunStarted,
)
from stripe_audit.phases import PHASES
from stripe_audit.reporters.progress import LiveProgress, PlainProgress, finished_line, progress_on


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


def events_of(report, *, interrupted=False):
    yield RunStarted("run_1", len(report.results), len(report.results))
    for phase in PHASES:
        yield PhaseStarted(phase.number, phase.title)
        for result in report.of_phase(phase):
            yield CheckBegan(result.check)
        for result in report.of_phase(phase):
            yield CheckFinished(result)
        yield PhaseFinished(phase.number)
    yield NoteAdded("the clock is 3 s ahead")
    yield RunFinished(interrupted)


def told(progress, stream, report, **options):
    with progress:
        for event in events_of(report, **options):
            progress(event)
    return stream.getvalue()


def test_a_plain_line_for_each_finished_check():
    stream = io.StringIO()
    lines = told(PlainProgress(stream), stream, GOLDEN).splitlines()
    assert len(lines) == len(GOLDEN.results) + 1
    assert lines[0] == "✓ server-starts  1.50 s"
    assert lines[2] == "! webhook-endpoint-reachable  errored: ConnectError: connection refused (target.py:12)"
    assert lines[5] == (
        "✗ webhook-signature-verified  critical: A forged event changed an order (and 1 more finding); "
        "error: TimeoutError: not finished after 20 s"
    )
    assert lines[6] == "- webhook-replay-rejected  skipped: needs webhook-signature-verified, which failed"
    assert lines[7].startswith("? webhook-events-handled  inconclusive: the endpoint answers 2xx")
    assert lines[-1] == "note: the clock is 3 s ahead"


def test_an_interrupt_is_told():
    stream = io.StringIO()
    assert told(PlainProgress(stream), stream, GOLDEN, interrupted=True).endswith("\ninterrupted\n")


def test_hostile_results_are_one_inert_line_each():
    for result in RAW.results:
        line = finished_line(result)
        assert line.isprintable()
        assert len(line) < 900
        assert "##[" not in line


def test_ascii_where_the_stream_has_nothing_else():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    PlainProgress(stream)(CheckFinished(GOLDEN.results[0]))
    stream.flush()
    assert stream.buffer.getvalue() == b"+ server-starts  1.50 s\n"


def visible(text):
    """What stays on a terminal: erased lines are gone, colours too."""
    text = re.sub(r"[^\n]*\r\x1b\[2K", "", text)
    return re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", text)


def test_a_terminal_sees_the_phase_what_runs_and_the_findings_as_they_come(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    stream = Terminal()
    progress = LiveProgress(stream)
    with progress:
        for event in events_of(GOLDEN):
            progress(event)
            if isinstance(event, CheckBegan) and event.check == "webhook-signature-verified":
                live = stream.getvalue()
    assert "2 Webhook configuration" in live
    assert "4 of 18 ✓3 !1" in live
    assert "running webhook-genuine-event-accepted, webhook-signature-verified" in live
    kept = visible(stream.getvalue())
    assert "✗ critical: A forged event changed an order (webhook-signature-verified)" in kept
    assert "! webhook-endpoint-reachable errored: ConnectError" in kept
    assert "note: the clock is 3 s ahead" in kept
    assert "running" not in kept


def test_a_terminal_is_left_with_its_cursor(monkeypatch):
    stream = Terminal()
    with LiveProgress(stream) as progress:
        progress(RunStarted("run_1", 1, 1))
        progress(CheckBegan("server-starts"))
    assert stream.getvalue().rfind("\x1b[?25h") > stream.getvalue().rfind("\x1b[?25l") >= 0
    progress.close()


def test_no_hostile_sequence_reaches_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    text = told(LiveProgress(stream), stream, RAW)
    left = re.sub(r"\x1b\[(?:\?25[lh]|2K|1A|[0-9;]*m)", "", text)
    assert not set(left) & set("\x1b\x9b\x07\x00\u202e\u200b")
    assert "]8;;" in left  # the OSC-8 link is shown, without its escape


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    assert not re.search(r"\x1b\[3[0-9]m", told(LiveProgress(stream), stream, GOLDEN))


@pytest.mark.parametrize(
    ("stream", "term", "kind"),
    [
        (Terminal(), "xterm", LiveProgress),
        (Terminal(), "dumb", PlainProgress),
        (io.StringIO(), "xterm", PlainProgress),
    ],
)
def test_only_a_terminal_gets_live_progress(monkeypatch, stream, term, kind):
    monkeypatch.setenv("TERM", term)
    assert type(progress_on(stream)) is kind


@pytest.mark.parametrize("kind", [PlainProgress, LiveProgress])
def test_a_stream_that_breaks_ends_the_telling_and_not_the_audit(kind):
    class Broken(Terminal):
        is_broken = False

        def write(self, text):
            if self.is_broken:
                raise BrokenPipeError(errno.EPIPE, "Broken pipe")
            return super().write(text)

    stream = Broken()
    with kind(stream) as progress:
        events = list(events_of(GOLDEN))
        for event in events[:12]:
            progress(event)
        before = stream.getvalue()
        assert before
        stream.is_broken = True
        for event in events[12:]:
            progress(event)
        stream.is_broken = False
        progress(CheckFinished(GOLDEN.results[0]))
        assert stream.getvalue() == before


@pytest.mark.parametrize("kind", [PlainProgress, LiveProgress])
def test_a_closed_stream_is_no_error(kind):
    stream = Terminal()
    progress = kind(stream)
    stream.close()
    with progress:
        for event in events_of(GOLDEN):
            progress(event)


def test_a_reader_that_is_gone_leaves_standard_output_alone():
    """Rich would end the process and point its standard output at nothing."""
    code = (
        "import os, sys\n"
        "from stripe_audit.reporters.progress import LiveProgress\n"
        "from tests.reporters.test_progress import GOLDEN, events_of\n"
        "with LiveProgress(sys.stderr) as progress:\n"
        "    for event in events_of(GOLDEN): progress(event)\n"
        "print('the report')\n"
        "sys.stdout.flush(); os._exit(0)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=writer, text=True, timeout=60
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stdout) == (0, "the report\n")


class Watched(Terminal):
    """Notes when two threads write at once; each write lets the others run."""

    def __init__(self):
        super().__init__()
        self.inside = threading.Lock()
        self.is_overlapped = False

    def write(self, text):
        if not self.inside.acquire(blocking=False):
            self.is_overlapped = True
            return super().write(text)
        try:
            time.sleep(0.0005)
            return super().write(text)
        finally:
            self.inside.release()


@pytest.mark.parametrize("kind", [PlainProgress, LiveProgress])
def test_events_from_many_threads_keep_their_lines(kind, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    stream = Watched()
    failed = [result for result in GOLDEN.results if result.findings] * 20
    with kind(stream) as progress:
        threads = [threading.Thread(target=progress, args=(CheckFinished(result),)) for result in failed]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [line for line in visible(stream.getvalue()).splitlines() if "fulfilled the order twice" in line]
    assert len(lines) == 20
    assert len(set(lines)) == 1
    assert not stream.is_overlapped
