"""A finding's story as a sequence diagram: who said what to whom, when, what was answered, and what went wrong.

Inline SVG without script and without styles of its own (the page's classes and the presentation attributes do it), and
the same as a list for those who do not see it. Pure: the same exchanges give the same bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from stripe_audit.models import Exchange, Party
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.wording import PARTY_NAMES

__all__ = ["Diagram", "path_of", "sequence_diagram"]

DRAWN_CAP = 24
"""Exchanges that are drawn; two lines each."""
_ORDER = (Party.AUDIT, Party.CUSTOMER, Party.APP, Party.DATABASE, Party.STRIPE, Party.WEBHOOK, Party.MAIL)
_WIDTH, _LEFT, _RIGHT = 860, 74, 66
_TOP, _STEP = 54, 27
_LETTER = 6.3
"""Width of a letter of a label, in the page's 10.5 px monospace."""
_TYPE = re.compile(r'"type":\s*"([a-z_0-9.]{3,60})"')
_LONG = re.compile(r"[A-Za-z0-9_-]{25,}")
_PATH = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*(/.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Diagram:
    """The drawing, the same in words (a line for each exchange), and how many exchanges were left out of it."""

    svg: Markup
    lines: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Line:
    """An arrow: a request, or the answer to it."""

    at: float
    exchange: Exchange
    is_answer: bool


def sequence_diagram(
    exchanges: Sequence[Exchange], *, cited: frozenset[str], name: str, title: str, note: str = ""
) -> Diagram | None:
    """Draw exchanges in order of time. ``cited`` are the ids that evidence refers to.

    ``note`` is what was seen at the end, ``name`` is unique in the page and safe in an attribute. None where there is
    nothing to draw.
    """
    if not exchanges:
        return None
    drawn = _chosen(sorted(exchanges, key=lambda one: (one.started_at, one.id)), cited)
    begun = drawn[0].started_at
    lines = tuple(_in_words(one, begun, one.id in cited) for one in drawn)
    svg = _Drawing(drawn, cited, begun).svg(name, title, note)
    return Diagram(svg, lines, len(exchanges) - len(drawn))


def _chosen(ordered: Sequence[Exchange], cited: frozenset[str]) -> Sequence[Exchange]:
    """At most ``DRAWN_CAP``, most of them from before the first that is cited."""
    if len(ordered) <= DRAWN_CAP:
        return ordered
    at = next((index for index, one in enumerate(ordered) if one.id in cited), 0)
    start = max(0, min(at - DRAWN_CAP * 2 // 3, len(ordered) - DRAWN_CAP))
    return ordered[start : start + DRAWN_CAP]


class _Drawing:
    def __init__(self, drawn: Sequence[Exchange], cited: frozenset[str], begun: float) -> None:
        parties = {party for one in drawn for party in (one.source, one.destination)} | {Party.APP}
        self._lifelines = [party for party in _ORDER if party in parties]
        gap = (_WIDTH - _LEFT - _RIGHT - 96) / max(1, len(self._lifelines) - 1)
        self._x = {party: round(_LEFT + 48 + index * gap, 1) for index, party in enumerate(self._lifelines)}
        self._cited, self._begun = cited, begun
        self._lines = sorted(_lines(drawn), key=lambda line: line.at)

    def svg(self, name: str, title: str, note: str) -> Markup:
        height = _TOP + len(self._lines) * _STEP + (54 if note else 22)
        told = " ".join(PARTY_NAMES[party] for party in self._lifelines)
        parts = [
            f'<svg class="sequence" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img"'
            f' aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(quoted(title, 200))}</title>'
            f'<desc id="{name}-desc">Sequence diagram with the lifelines {told}; the list below says the same.</desc>'
        ]
        parts += self._bands()
        parts += self._heads(height - (44 if note else 12))
        for index, line in enumerate(self._lines):
            parts += self._arrow(line, _TOP + index * _STEP + 20)
        if note:
            parts += self._note(note, height - 42)
        parts.append("</svg>")
        return Markup("".join(parts))  # noqa: S704 - every text in it was escaped

    def _bands(self) -> Iterator[str]:
        """What evidence refers to lies on a tinted ground."""
        for index, line in enumerate(self._lines):
            if line.exchange.id in self._cited:
                y = _TOP + index * _STEP + 1
                yield f'<rect class="band" x="0" y="{y}" width="{_WIDTH}" height="{_STEP}"/>'

    def _heads(self, bottom: int) -> Iterator[str]:
        for party in self._lifelines:
            x = self._x[party]
            yield (
                f'<line class="life" x1="{x}" y1="34" x2="{x}" y2="{bottom}"/>'
                f'<rect class="head" x="{x - 46:g}" y="8" width="92" height="26" rx="5"/>'
                f'<text class="who" x="{x}" y="25" text-anchor="middle">{PARTY_NAMES[party]}</text>'
            )

    def _arrow(self, line: _Line, y: int) -> Iterator[str]:
        one = line.exchange
        start, end = self._x[one.source], self._x[one.destination]
        if line.is_answer:
            start, end = end, start
        way = 1 if end > start else -1
        kinds = "arrow" + " answer" * line.is_answer + " bad" * _is_bad(line) + " marked" * bool(_mark(line))
        if start == end:
            yield f'<circle class="{kinds}" cx="{start}" cy="{y}" r="3"/>'
        elif line.is_answer and one.status is None:
            x = start + way * 26
            yield f'<path class="{kinds}" d="M{start} {y}H{x:g}m-4 -4l8 8m0 -8l-8 8"/>'
        else:
            yield f'<path class="{kinds}" d="M{start} {y}H{end - way * 6:g}"/>'
            if one.duplicate and not line.is_answer:
                yield f'<path class="{kinds}" d="M{start} {y + 3}H{end - way * 8:g}"/>'
            yield f'<path class="{kinds.replace("arrow", "tip")}" d="M{end} {y}l{-way * 8} -4v8z"/>'
        yield self._label(line, min(start, end), max(start, end), y - 5)
        when = _offset(line.at - self._begun)
        yield f'<text class="when" x="{_LEFT - 12}" y="{y + 3}" text-anchor="end">{when}</text>'
        if not line.is_answer:
            yield f'<text class="id" x="{_WIDTH - 6}" y="{y + 3}" text-anchor="end">{escape(quoted(one.id, 9))}</text>'

    def _label(self, line: _Line, left: float, right: float, y: int) -> str:
        mark = _mark(line)
        text = f"{mark}: {_said(line)}" if mark else _said(line)
        room = int((_WIDTH - _RIGHT - _LEFT) / _LETTER)
        text = text if len(text) <= room else text[: room - 1] + "…"
        width = len(text) * _LETTER
        x, anchor = left + 8, "start"
        if x + width > _WIDTH - _RIGHT:
            x, anchor = max(right - 8, _LEFT + width), "end"
        elif line.is_answer and line.exchange.status is None:  # beside the cross, in line with it
            is_leftward = self._x[line.exchange.destination] == right
            x, anchor, y = (right - 38, "end", y + 9) if is_leftward else (left + 38, "start", y + 9)
        elif line.is_answer and width < right - left - 16:
            x, anchor = right - 8, "end"
        kinds = "said" + " answer" * line.is_answer + " bad" * _is_bad(line) + " marked" * bool(mark)
        kinds += " cited" * (line.exchange.id in self._cited)
        return f'<text class="{kinds}" x="{x:g}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'

    def _note(self, note: str, y: int) -> Iterator[str]:
        text = quoted(note, 100)
        width = max(120, len(text) * _LETTER + 28)
        x = min(max(self._x[Party.APP] - width / 2, 4), _WIDTH - width - 4)
        yield f'<path class="note" d="M{x:g} {y}h{width - 10:g}l10 10v18h{-width:g}z"/>'
        yield f'<text class="said noted" x="{x + 12:g}" y="{y + 18}">{escape(text)}</text>'


def _lines(drawn: Sequence[Exchange]) -> Iterator[_Line]:
    for one in drawn:
        yield _Line(one.started_at, one, False)
        yield _Line(one.started_at + max(one.duration_ms, 0.0) / 1000, one, True)


def _is_bad(line: _Line) -> bool:
    """Whether the answer was none, or an error of the server's."""
    return line.is_answer and (line.exchange.status is None or line.exchange.status >= 500)


def _mark(line: _Line) -> str:
    if line.is_answer:
        return ""
    marks = ["duplicate"] * line.exchange.duplicate
    if line.exchange.fault:
        marks.append(f"fault {quoted(line.exchange.fault, 40)}")
    return ", ".join(marks)


def _said(line: _Line) -> str:
    """What stands on the arrow."""
    one = line.exchange
    if not line.is_answer:
        return f"{quoted(one.method, 10)} {_shortened(path_of(one.url))}{_event(one)}"
    took = _took(one.duration_ms)
    return f"{one.status} · {took}" if one.status is not None else f"no answer · {took}"


def _event(one: Exchange) -> str:
    """The type of a webhook event."""
    told = _TYPE.search(one.request.body[:4000]) if one.source is Party.WEBHOOK else None
    return f" · {told[1]}" if told else ""


def path_of(url: str) -> str:
    """The path and query of an address, without its host."""
    match = _PATH.fullmatch(url)
    return quoted((match[1] or "/") if match else url, 80)


def _shortened(path: str) -> str:
    """Long ids by their beginning and end; the words below the drawing have them whole."""
    return _LONG.sub(lambda match: f"{match[0][:14]}…{match[0][-4:]}", path)


def _took(milliseconds: float) -> str:
    if not math.isfinite(milliseconds) or milliseconds > 1e7:
        return "an unknown time"
    return f"{milliseconds:.1f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f} s"


def _offset(seconds: float) -> str:
    return f"+{seconds:.3f} s" if 0 <= seconds < 1e5 else "?"


def _in_words(one: Exchange, begun: float, is_cited: bool) -> str:
    marks = ["evidence"] * is_cited + ["duplicate"] * one.duplicate + ([f"fault: {one.fault}"] if one.fault else [])
    told = f" ({quoted(', '.join(marks), 120)})" if marks else ""
    if one.status is None:
        ending = f"no answer after {_took(one.duration_ms)}: {one.error or 'no reason was recorded'}"
    else:
        ending = f"answered {one.status} after {_took(one.duration_ms)}"
    return (
        f"{_offset(one.started_at - begun)} {PARTY_NAMES[one.source]} to {PARTY_NAMES[one.destination]}: "
        f"{quoted(one.method, 20)} {path_of(one.url)}{_event(one)}, {quoted(ending, 200)}{told}"
    )
