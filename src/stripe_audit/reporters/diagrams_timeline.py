"""The run on a line of time: each check as a bar from its beginning to its end, in the order of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from stripe_audit.models import CheckResult
from stripe_audit.phases import PHASES
from stripe_audit.report import Report
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.review import shown_duration

__all__ = ["timeline", "timeline_lines"]

_WIDTH, _LEFT, _RIGHT = 860, 250, 60
_ROW, _HEAD, _TOP = 17, 26, 8
DRAWN_CAP = 200
"""Checks that are drawn."""


def timeline(report: Report) -> Markup | None:
    """The drawing; None where the report holds no times of checks."""
    timed = [result for result in report.results if _is_timed(result)][:DRAWN_CAP]
    if not timed:
        return None
    begun = min(min(result.started_at for result in timed), _sane(report.run.started_at, timed))
    span = max(max(result.started_at + result.duration_s for result in timed) - begun, 0.001)
    scale = (_WIDTH - _LEFT - _RIGHT) / span
    rows: list[str] = []
    y = _TOP
    for phase in PHASES:
        own = [result for result in timed if result.task.startswith(f"{phase.number}.")]
        if not own:
            continue
        rows.append(f'<text class="phase" x="0" y="{y + 17}">{phase.number} {escape(phase.title)}</text>')
        y += _HEAD
        for result in own:
            rows.append(_bar(result, y, _LEFT + (result.started_at - begun) * scale, result.duration_s * scale))
            y += _ROW
        y += 6
    height = y + 24
    head = (
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img"'
        ' aria-labelledby="timeline-title timeline-desc"><title id="timeline-title">Timeline of the run</title>'
        f'<desc id="timeline-desc">{len(timed)} checks as bars over {shown_duration(span)}; '
        "the list below it says the same.</desc>"
    )
    return Markup(head + "".join(_axis(span, scale, y)) + "".join(rows) + "</svg>")  # noqa: S704 - texts were escaped


def timeline_lines(report: Report) -> tuple[str, ...]:
    """The same in words, in order of time."""
    timed = sorted((result for result in report.results if _is_timed(result)), key=lambda result: result.started_at)
    begun = timed[0].started_at if timed else 0.0
    return tuple(
        f"+{result.started_at - begun:.2f} s {result.check}: {result.outcome} after {shown_duration(result.duration_s)}"
        for result in timed[:DRAWN_CAP]
    )


def _is_timed(result: CheckResult) -> bool:
    """Whether it began, at a time that can be drawn; a report from elsewhere may hold any number."""
    return 0 < result.started_at < 1e11 and 0 <= result.duration_s < 1e7


def _sane(started_at: float, timed: Sequence[CheckResult]) -> float:
    """The run's start, unless it is far from that of its checks."""
    first = min(result.started_at for result in timed)
    return started_at if 0 <= first - started_at < 600 else first


def _axis(span: float, scale: float, bottom: int) -> Iterator[str]:
    step = next((one for one in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600) if span / one <= 8), span / 8)
    for index in range(int(span / step) + 1):
        x = round(_LEFT + index * step * scale, 1)
        yield (
            f'<line class="grid" x1="{x}" y1="{_TOP}" x2="{x}" y2="{bottom}"/>'
            f'<text class="tick" x="{x}" y="{bottom + 16}" text-anchor="middle">{index * step:g} s</text>'
        )


def _bar(result: CheckResult, y: int, x: float, width: float) -> str:
    shown = max(width, 2.5)
    told = f"{shown_duration(result.duration_s)}" + (f" {result.outcome}" if result.outcome != "passed" else "")
    at, anchor = (x + shown + 6, "start") if x + shown < _WIDTH - 130 else (x - 6, "end")
    return (
        f'<text class="name" x="{_LEFT - 12}" y="{y + 11}" text-anchor="end">{escape(quoted(result.check, 36))}</text>'
        f'<rect class="bar {result.outcome}" x="{x:.1f}" y="{y + 2}" width="{shown:.1f}" height="11" rx="2"/>'
        f'<text class="took" x="{at:.1f}" y="{y + 11}" text-anchor="{anchor}">{told}</text>'
    )
