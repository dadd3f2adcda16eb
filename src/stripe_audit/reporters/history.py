"""A trend over many reports of one target: verdicts, findings by severity, what came and what went. Pure.

A finding is the same from run to run by its fingerprint. One that is not there any more is *fixed* only where its check
was judged again; else it was not looked at any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stripe_audit.models import Severity, Verdict
from stripe_audit.report import Report, closing_verdict
from stripe_audit.reporters.quoting import plural, quoted
from stripe_audit.reporters.review import shown_time

__all__ = ["History", "Moment", "Point", "history_of", "history_text", "moment_of"]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a trend needs of a report. ``found`` maps fingerprints to the check that found them, ``judged`` are ids."""

    target: str
    tag: str
    started_at: float
    verdict: Verdict
    total: int
    judged: frozenset[str]
    severities: Mapping[Severity, int]
    found: Mapping[str, str]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Point:
    """A report in a trend, against the one before it: how many findings are new, fixed, not looked at any more."""

    moment: Moment
    new: int = 0
    fixed: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """The reports of one target, the oldest first. ``others`` counts reports of other targets by their names."""

    target: str
    points: tuple[Point, ...]
    others: Mapping[str, int]

    @property
    def lasting(self) -> tuple[tuple[str, str, int], ...]:
        """Findings of the newest report: check, title, and in how many reports on end they stood, the longest first."""
        if not self.points:
            return ()
        newest = self.points[-1].moment
        counted = [(check, newest.titles[name], self._runs_of(name)) for name, check in newest.found.items()]
        return tuple(sorted(counted, key=lambda one: (-one[2], one[0], one[1])))

    def _runs_of(self, fingerprint: str) -> int:
        """In how many reports before the newest, and in it, the finding stood, without a gap."""
        count = 0
        for point in reversed(self.points):
            if fingerprint not in point.moment.found:
                break
            count += 1
        return count


def moment_of(report: Report) -> Moment:
    """What a trend needs of a report, so that the report itself need not be kept in memory."""
    found = report.findings
    counts = Counter(finding.severity or Severity.INFO for finding in found)
    return Moment(
        target=report.target.name,
        tag=report.run.tag,
        started_at=report.run.started_at,
        verdict=closing_verdict(report),
        total=len(report.results),
        judged=frozenset(result.check for result in report.results if result.outcome.is_judged),
        severities={severity: counts[severity] for severity in Severity},
        found={finding.fingerprint: finding.check for finding in found},
        titles={finding.fingerprint: finding.title for finding in found},
    )


def history_of(moments: Iterable[Moment], target: str | None = None, last: int | None = None) -> History:
    """The trend of a target; without a name, of that which was reported on last. ``last`` keeps the newest so many."""
    ordered = sorted(moments, key=lambda one: (one.started_at, one.tag))
    chosen = target if target is not None else (ordered[-1].target if ordered else "")
    own = [one for one in ordered if one.target == chosen]
    others = Counter(one.target for one in ordered if one.target != chosen)
    points = [_point(before, one) for before, one in zip([None, *own], own, strict=False)]
    return History(chosen, tuple(points[-last:] if last else points), dict(sorted(others.items())))


def _point(before: Moment | None, moment: Moment) -> Point:
    if before is None:
        return Point(moment)
    gone = [check for name, check in before.found.items() if name not in moment.found]
    fixed = sum(check in moment.judged for check in gone)
    new = sum(name not in before.found for name in moment.found)
    return Point(moment, new, fixed, len(gone) - fixed)


_BAR = 24
"""Columns of the longest bar."""
_NAMES = 12


def history_text(history: History) -> str:
    """The trend for a terminal: a line for each report, with a bar as long as it has findings. Ends with a newline."""
    lines = [f"History of {quoted(history.target, 120)}: {plural(len(history.points), 'report')}"]
    most = max((len(point.moment.found) for point in history.points), default=0)
    for point in history.points:
        one = point.moment
        bar = "█" * round(_BAR * len(one.found) / most) if most else ""
        judged = f"judged {len(one.judged)} of {one.total}"
        changed = f" ({changes(point)})" if changes(point) else ""
        lines.append(
            f"  {shown_time(one.started_at)}  {judged:<18} {one.verdict:<21} {bar:<{_BAR}} {counted(one)}{changed}"
        )
    if history.lasting:
        lines += ["", "Still there"]
    for check, title, runs in history.lasting[:_NAMES]:
        lines.append(f"  - {quoted(check, 80)}: {quoted(title, 120)} (in the last {plural(runs, 'report')})")
    if len(history.lasting) > _NAMES:
        lines.append(f"    and {len(history.lasting) - _NAMES} more")
    if history.others:
        told = ", ".join(f"{quoted(name, 80)} ({plural(count, 'report')})" for name, count in history.others.items())
        lines += ["", f"Not shown, reports of other targets: {told}; --target NAME shows one"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def counted(moment: Moment) -> str:
    """The findings by severity, in words."""
    return ", ".join(f"{count} {name}" for name, count in moment.severities.items() if count) or "no findings"


def changes(point: Point) -> str:
    """What changed since the report before, in words; empty where nothing did."""
    told: Sequence[tuple[int, str]] = (
        (point.new, "new"),
        (point.fixed, "fixed"),
        (point.unseen, "not looked at any more"),
    )
    return ", ".join(f"{count} {word}" for count, word in told if count)
