"""Annotations for GitHub Actions: workflow commands, which the runner obeys when they are printed in a step.

GitHub shows ten of each level for a step and fifty for a job, so the tenth of a level says how many more there are.
What follows the commands is for the people who read the log. Escaping as in GitHub's toolkit (``command.ts``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from stripe_audit.models import Outcome, Severity
from stripe_audit.report import Report
from stripe_audit.reporters.anchors import Anchor, anchors_of
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.review import Review, review_of
from stripe_audit.reporters.wording import counted, why_unjudged

__all__ = ["GithubReporter"]

_MOST = 10
_TITLE, _MESSAGE = 200, 1500
_LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class _Note:
    level: str
    title: str
    message: str
    anchor: Anchor | None = None

    def __str__(self) -> str:
        place = f"file={_property(self.anchor.path)},line={self.anchor.line}," if self.anchor else ""
        return f"::{self.level} {place}title={_property(self.title)}::{_data(self.message)}"


class GithubReporter(Reporter):
    """Annotations for GitHub Actions."""

    name: ClassVar[str] = "github"
    suffix: ClassVar[str] = ".github.txt"

    def render(self, report: Report) -> str:
        """The annotations, then a summary in plain lines."""
        review = review_of(report)
        notes = [*_found(review), *_troubled(review)]
        lines = [str(note) for level in _LEVELS for note in _shown([one for one in notes if one.level == level])]
        lines.append(f"stripe-audit: {report.headline} checks: {counted(review)}")
        lines += [
            quoted(f"{one.label} {one.severity} {one.finding.check}: {one.finding.title}", 300)
            for one in review.findings
        ]
        reasons = "; ".join(review.exit_reasons) or f"nothing at or above {report.policy.fail_on}"
        lines.append(f"verdict: {review.verdict} ({quoted(review.verdict_reason)})")
        lines.append(f"exit code {review.exit_code}: {quoted(reasons, 1200)}")
        return "\n".join(lines) + "\n"


def _found(review: Review) -> Iterator[_Note]:
    """At or above ``--fail-on`` is an error, since that is what fails the job; an observation is a notice."""
    for one in review.findings:
        finding = one.finding
        is_failing = review.report.is_failing(finding)
        level = "error" if is_failing else "notice" if one.severity is Severity.INFO else "warning"
        proof = f"\nevidence: {finding.evidence[0].summary}" if finding.evidence else ""
        fix = f"\nfix: {one.fix}" if one.fix else ""
        route = f" ({finding.route})" if finding.route else ""
        parts = (f"{finding.detail}{route}", proof, fix, f"\nstripe-audit checks explain {finding.check}")
        message = "\n".join(quoted(part, _MESSAGE // 3) for part in parts if part)
        title = f"{one.severity}: {finding.title}"
        yield _Note(level, quoted(title, _TITLE), message, anchors_of(review.report, finding)[0])


def _troubled(review: Review) -> Iterator[_Note]:
    for result in review.report.results:
        if result.outcome in (Outcome.ERRORED, Outcome.INCONCLUSIVE):
            title = quoted(f"{result.check} {result.outcome}", _TITLE)
            yield _Note("warning", title, quoted(why_unjudged(result), _MESSAGE))


def _shown(notes: list[_Note]) -> Iterator[_Note]:
    if len(notes) <= _MOST:
        yield from notes
        return
    yield from notes[: _MOST - 1]
    left = notes[_MOST - 1 :]
    names = "\n".join(one.title for one in left[:20])
    more = f"\nand {len(left) - 20} more" if len(left) > 20 else ""
    yield _Note(notes[0].level, f"{len(left)} more of this kind, listed in the step's log", f"{names}{more}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
