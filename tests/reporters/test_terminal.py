from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.reporters.golden import GOLDEN, INTERRUPTED
from tests.reporters.hostile import RAW

from stripe_audit.reporters import terminal
from stripe_audit.reporters.quoting import fit


def test_the_summary_begins_with_how_much_was_judged():
    last = terminal.render(GOLDEN).split("\n\n")[-1]
    assert last.startswith("judged 12 of 18 checks: 7 passed, 5 failed, 4 skipped, 1 inconclusive, 1 errored\n")
    assert "verdict: not safe (1 critical and 2 high findings)" in last
    assert "exit code 1: 4 findings at or above medium; 2 checks errored" in last


@pytest.mark.parametrize("width", [40, 60, 100, 200])
@pytest.mark.parametrize("report", [GOLDEN, INTERRUPTED, RAW], ids=["golden", "interrupted", "raw"])
def test_no_line_is_wider_than_the_terminal(report, width):
    lines = terminal.render(report, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert terminal.render(report, width=width).splitlines() == lines


def test_a_very_narrow_terminal_still_shows_words():
    assert "judged 12 of 18" in terminal.render(GOLDEN, width=1)


def test_there_are_no_colours_unless_they_are_wanted(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "33")
    assert "\x1b" not in terminal.render(GOLDEN)
    assert "\x1b[1;31mcritical" in terminal.render(GOLDEN, color=True)


def test_no_color_overrules(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in terminal.render(GOLDEN, color=True)


def console_on(encoding, **options):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    return Console(file=stream, width=100, legacy_windows=False, **options), stream


def printed(stream):
    stream.flush()
    return stream.buffer.getvalue()


def test_printing_gives_the_same_text_as_rendering():
    console, stream = console_on("utf-8")
    terminal.print_report(GOLDEN, console)
    assert printed(stream).decode() == terminal.render(GOLDEN)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "koi8-r"])
@pytest.mark.parametrize("report", [GOLDEN, RAW], ids=["golden", "raw"])
def test_a_stream_of_another_encoding_carries_everything(report, encoding):
    console, stream = console_on(encoding)
    terminal.print_report(report, console)
    shown = printed(stream).decode(encoding)
    assert "judged " in shown
    if report is GOLDEN:
        assert "  + 1.1 Backend starts" in shown
        assert "webhook -> app" in shown


def test_a_console_with_markup_and_emoji_does_not_read_data_as_such():
    console, stream = console_on("utf-8", markup=True, emoji=True, highlight=True, color_system=None)
    terminal.print_report(RAW, console)
    assert "[link=http://evil.example]rich[/link] :boom:" in printed(stream).decode().replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("✓ ü → €", "utf-8", "✓ ü → €"),
        ("✓ ü → €", "latin-1", "+ ü -> \\u20ac"),
        ("✓ ü → €", "cp1252", "+ ü -> €"),
        ("✓ ü → €", "ascii", "+ \\xfc -> \\u20ac"),
        ("✓", "no-such-encoding", "+"),
        ("\ud800", "utf-8", "\\ud800"),
    ],
)
def test_text_is_fitted_to_an_encoding(text, encoding, shown):
    assert fit(text, encoding) == shown
