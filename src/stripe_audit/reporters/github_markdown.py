"""Markdown for GitHub's own places: the summary of a job's step, and a comment on a pull request.

GitHub refuses a summary over 1 MiB for a step ("supports content up to a size of 1024k") and a comment over 65,536
characters; both whole. So the worst comes first, and what does not fit is counted at the end. Sizes are bytes of UTF-8,
which are never fewer than characters, however those are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from stripe_audit.models import Outcome, Verdict
from stripe_audit.report import Report
from stripe_audit.reporters.anchors import anchors_of
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.markdown_text import cell, code, fenced, inline, prose
from stripe_audit.reporters.quoting import plural
from stripe_audit.reporters.review import Numbered, Review, review_of, shown_time
from stripe_audit.reporters.wording import counted, evidence_lines, why_unjudged

__all__ = ["COMMENT_MARK", "GithubCommentReporter", "GithubSummaryReporter"]

COMMENT_MARK = "<!-- stripe-audit -->"
"""The first line of a comment, by which a workflow finds the comment of an earlier run and replaces it."""
_SIGNS = {Verdict.NOT_SAFE: "🔴", Verdict.WITH_GAPS: "🟡", Verdict.SECURE: "🟢", Verdict.NOT_PROVEN: "⚪"}
_RESERVE = 2_000
"""Bytes for the closing lines."""


class GithubSummaryReporter(Reporter):
    """Markdown for ``$GITHUB_STEP_SUMMARY``: every finding with its evidence, as far as it fits."""

    name: ClassVar[str] = "github-summary"
    suffix: ClassVar[str] = ".summary.md"
    limit: ClassVar[int] = 1024 * 1024

    def render(self, report: Report) -> str:
        """At most ``limit`` bytes."""
        return _brief(report, "", self.limit)


class GithubCommentReporter(Reporter):
    """Markdown for a comment on a pull request."""

    name: ClassVar[str] = "github-comment"
    suffix: ClassVar[str] = ".comment.md"
    limit: ClassVar[int] = 65_536

    def render(self, report: Report) -> str:
        """At most ``limit`` bytes."""
        return _brief(report, f"{COMMENT_MARK}\n", self.limit)


def _brief(report: Report, mark: str, limit: int) -> str:
    review = review_of(report)
    text = _Budgeted(mark + _head(review), limit - _RESERVE)
    rows = [_row(one) for one in review.findings]
    if rows:
        head = "## Findings\n\n| | severity | finding | check | route |\n|---|---|---|---|---|"
        text.add_all(head, rows, "| … | | {} more are left out of this table | | |")
    shown = text.add_all("", [_finding(review, one) for one in review.findings], "")
    silent = review.of_outcome(Outcome.ERRORED, Outcome.INCONCLUSIVE, Outcome.SKIPPED)
    unjudged = [_unjudged_row(result.check, result.outcome, why_unjudged(result)) for result in silent]
    told = 0
    if unjudged:
        head = "\n## Without a verdict\n\n| check | outcome | why, and what would give one |\n|---|---|---|"
        told = text.add_all(head, unjudged, "| … | | {} more are left out of this table |")
    left = [
        f"the details of {plural(len(rows) - shown, 'finding')}" if shown < len(rows) else "",
        f"{plural(len(unjudged) - told, 'check')} without a verdict" if told < len(unjudged) else "",
    ]
    return text.closed(_foot(review, [one for one in left if one]))


class _Budgeted:
    """Text that takes blocks as long as they fit."""

    def __init__(self, begun: str, limit: int) -> None:
        self._parts = [begun]
        self._left = limit - len(begun.encode())

    def add_all(self, head: str, blocks: Iterable[str], more: str) -> int:
        """The head and as many of the blocks as fit, in order; how many did. ``more`` tells of the rest."""
        blocks = list(blocks)
        room = self._left - len(head.encode()) - len(more) - 20
        taken = 0
        for block in blocks:
            room -= len(block.encode()) + 1
            if room < 0:
                break
            taken += 1
        rest = [more.format(len(blocks) - taken)] if more and taken < len(blocks) else []
        if taken:
            added = [part for part in (head, *blocks[:taken], *rest) if part]
            self._parts += added
            self._left -= sum(len(part.encode()) + 1 for part in added)
        return taken

    def closed(self, foot: str) -> str:
        return "\n".join([*self._parts, foot]) + "\n"


def _head(review: Review) -> str:
    report = review.report
    found = ", ".join(f"{count} {severity}" for severity, count in review.severities.items() if count) or "none"
    lines = [
        f"# {_SIGNS[review.verdict]} Payment review: {review.verdict}",
        "",
        f"**{report.headline}** checks of {inline(report.target.name, 100)}: {counted(review)}. Findings: {found}.",
        "",
    ]
    return "\n".join(lines)


def _row(one: Numbered) -> str:
    finding = one.finding
    route = cell(finding.route, 120) if finding.route else ""
    return f"| {one.label} | {one.severity} | {cell(finding.title, 120)} | {cell(finding.check, 80)} | {route} |"


def _finding(review: Review, one: Numbered) -> str:
    finding = one.finding
    lines = ["", f"### {one.label} {one.severity}: {inline(finding.title, 200)}", "", inline(finding.detail, 800), ""]
    lines.append(f"- at {code(str(anchors_of(review.report, finding)[0]))}")
    for evidence in finding.evidence[:3]:
        lines += [f"- {inline(evidence.summary)}", ""]
        proof = list(evidence_lines(review, evidence))
        lines += [fenced(proof, 2), ""] if proof else []
    lines += ["", f"**Fix.** {prose(one.fix, limit=1500)}"] if one.fix else []
    return "\n".join(line for number, line in enumerate(lines) if line or lines[number - 1])


def _unjudged_row(check: str, outcome: str, why: str) -> str:
    return f"| {cell(check, 80)} | {outcome} | {cell(why, 200)} |"


def _foot(review: Review, left: list[str]) -> str:
    run = review.report.run
    lines = [
        "",
        f"Exit code {review.exit_code}: {inline('; '.join(review.exit_reasons) or 'nothing to object to', 800)}.",
    ]
    if left:
        lines += ["", f"Left out here for want of space: {' and '.join(left)}. The report of the run has them."]
    lines += ["", f"stripe-audit {inline(run.version, 40)}, run {code(run.tag, 60)}, {shown_time(run.started_at)}"]
    return "\n".join(lines)
