"""A trend as HTML: stacked bars of findings by severity, one for each report, and the same as a table."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape

from stripe_audit.models import Severity
from stripe_audit.reporters.history import History, Point, changes, counted
from stripe_audit.reporters.html_page import page_of
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.review import shown_time

__all__ = ["history_html"]

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 860, 260, 44, 14, 46
_DRAWN_CAP = 120
"""Reports that are drawn; the table has all."""


def history_html(history: History) -> str:
    """The whole page."""
    drawn = history.points[-_DRAWN_CAP:]
    return page_of(
        "history.html.j2",
        history=history,
        drawing=_drawing(drawn) if drawn else None,
        left_out=len(history.points) - len(drawn),
        changes=changes,
        counted=counted,
    )


def _drawing(points: tuple[Point, ...]) -> Markup:
    most = max(1, *(len(point.moment.found) for point in points))
    slot = (_WIDTH - _LEFT - 8) / len(points)
    parts = [
        f'<svg class="trend" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img"'
        ' aria-labelledby="trend-title trend-desc"><title id="trend-title">Findings from report to report</title>'
        f'<desc id="trend-desc">{len(points)} reports as bars, the oldest first; the table below says the same.</desc>',
        *_axis(most),
    ]
    every = max(1, -(-len(points) // 10))
    is_one_day = points[-1].moment.started_at - points[0].moment.started_at < 86_400
    for index, point in enumerate(points):
        x = _LEFT + index * slot
        parts += _bar(point, x, slot, most)
        if index % every == 0:
            when = shown_time(point.moment.started_at)
            day = escape(when[11:16] if is_one_day else when[:10])
            y = _HEIGHT - _BOTTOM + 18
            parts.append(f'<text class="tick" x="{x + slot / 2:.1f}" y="{y}" text-anchor="middle">{day}</text>')
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - every text in it was escaped


def _bar(point: Point, x: float, slot: float, most: int) -> Iterator[str]:
    """The worst at the bottom, where bars can be compared."""
    room = _HEIGHT - _TOP - _BOTTOM
    width, y = min(slot * 0.72, 46.0), float(_HEIGHT - _BOTTOM)
    left = x + (slot - width) / 2
    for severity in Severity:
        height = room * point.moment.severities[severity] / most
        if height:
            y -= height
            yield (
                f'<rect class="is-{severity}" x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}">'
                f"<title>{escape(quoted(shown_time(point.moment.started_at)))}: "
                f"{point.moment.severities[severity]} {severity}</title></rect>"
            )
    if not point.moment.found:
        yield f'<rect class="is-passed" x="{left:.1f}" y="{y - 3:.1f}" width="{width:.1f}" height="3"/>'


def _axis(most: int) -> Iterator[str]:
    room = _HEIGHT - _TOP - _BOTTOM
    step = next((one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if most / one <= 6), most)
    for value in range(0, most + 1, step):
        y = round(_HEIGHT - _BOTTOM - room * value / most, 1)
        yield (
            f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{_WIDTH}" y2="{y}"/>'
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 3.5:g}" text-anchor="end">{value}</text>'
        )
