"""The report for a terminal: phases, tasks ticked, findings with evidence and fix, gaps by setting, and the verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from stripe_audit.models import CheckResult, Evidence, Outcome, Severity, Verdict
from stripe_audit.phases import PHASES, Task
from stripe_audit.report import Report, TaskState
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.page import Page, page_text
from stripe_audit.reporters.quoting import blocks, plural
from stripe_audit.reporters.review import Numbered, Review, review_of, shown_time
from stripe_audit.reporters.wording import (
    OUTCOME_SIGNS,
    TASK_SIGNS,
    counted,
    evidence_lines,
    facts_of,
    why_unjudged,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["OUTCOME_STYLES", "SEVERITY_STYLES", "TerminalReporter", "print_report", "render"]

OUTCOME_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.SKIPPED: "dim",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.ERRORED: "magenta",
}
SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_TASK_STYLES = {
    TaskState.DONE: "green",
    TaskState.PROBLEM: "red",
    TaskState.PARTLY: "yellow",
    TaskState.OPEN: "dim",
}
_VERDICT_STYLES = {
    Verdict.NOT_SAFE: "bold red",
    Verdict.WITH_GAPS: "bold yellow",
    Verdict.SECURE: "bold green",
    Verdict.NOT_PROVEN: "bold yellow",
}
_EVIDENCE_CAP = 3
_NAMES_CAP = 8


class TerminalReporter(Reporter):
    """The report as a terminal shows it, 100 columns wide and without colours."""

    name: ClassVar[str] = "terminal"
    suffix: ClassVar[str] = ".txt"

    def render(self, report: Report) -> str:
        """See ``render``."""
        return render(report)


def render(report: Report, width: int = 100, color: bool = False) -> str:
    """The report as text, the same for the same width. NO_COLOR overrules ``color``."""
    return page_text(_page(report, "utf-8"), width, color)


def print_report(report: Report, console: Console) -> None:
    """Print the report to a console, in its width, its colours and the characters that its stream can carry."""
    console.print(_page(report, console.encoding))


def _page(report: Report, encoding: str) -> Page:
    page = Page(encoding)
    review = review_of(report)
    page.add(0, "", ("Payment review: ", "bold"), (report.target.name, "bold"))
    for name, value in facts_of(report):
        page.add(2, "", (f"{name}: ", "dim"), value)
    for phase in PHASES:
        judged = sum(result.outcome.is_judged for result in report.of_phase(phase))
        page.gap()
        page.add(
            0,
            "",
            (f"{phase.number} {phase.title}", "bold"),
            (f" (judged {judged} of {len(report.of_phase(phase))})", "dim"),
        )
        for task in phase.tasks:
            _add_task(page, review, task)
    _add_since(page, report)
    _add_unlooked(page, review)
    _add_notes(page, report)
    _add_summary(page, review)
    return page


def _add_task(page: Page, review: Review, task: Task) -> None:
    state = review.task_states[task.id]
    page.add(2, TASK_SIGNS[state], f"{task.id} {task.title}", style=_TASK_STYLES[state])
    for result in review.report.of_task(task):
        if result.outcome in (Outcome.INCONCLUSIVE, Outcome.ERRORED) or (result.error and not result.findings):
            _add_unjudged(page, result)
        for one in review.of_check(result.check):
            _add_finding(page, review, one)
        if result.findings and (result.error or result.reason):
            page.add(6, "!", (result.check, "bold"), f" is not judged wholly: {why_unjudged(result)}", style="magenta")


def _add_since(page: Page, report: Report) -> None:
    if report.since is None:
        return
    page.gap()
    page.add(0, "", (f"Since {shown_time(report.since.at)}", "bold"))
    for sign, style, lines in (
        ("🔧", "green", report.since.resolved),
        ("+", "red", report.since.new),
        ("?", "magenta", report.since.unseen),
    ):
        for line in lines:
            page.add(2, sign, line, style=style, limit=300)
    if not (report.since.resolved or report.since.new or report.since.unseen):
        page.add(2, "", "nothing differs")


def _add_unjudged(page: Page, result: CheckResult) -> None:
    sign, style = OUTCOME_SIGNS[result.outcome], OUTCOME_STYLES[result.outcome]
    page.add(6, sign, (result.check, "bold"), f" {result.outcome}: {why_unjudged(result)}", style=style, limit=1000)


def _add_finding(page: Page, review: Review, one: Numbered) -> None:
    finding = one.finding
    style = SEVERITY_STYLES[one.severity]
    page.add(6, "✗", (f"{one.label} ", "bold"), (f"{one.severity} ", style), (finding.title, "bold"), style=style)
    places = [finding.check, finding.route or "", str(finding.source or "")]
    page.add(8, "", (" · ".join(filter(None, places)), "dim"))
    if finding.detail and finding.detail != finding.title:
        page.add(8, "", finding.detail, limit=1200)
    if one.decision:
        page.add(8, "", one.decision, style="yellow", limit=600)
    for number, evidence in enumerate(finding.evidence[:_EVIDENCE_CAP]):
        _add_evidence(page, review, evidence, is_first=number == 0)
    if len(finding.evidence) > _EVIDENCE_CAP:
        page.add(8, "", (f"{len(finding.evidence) - _EVIDENCE_CAP} more pieces of evidence in the JSON report", "dim"))
    before = next((other for other in review.of_check(finding.check) if other.fix == one.fix), one)
    if before.label != one.label:
        page.add(8, "fix:", f"as for {before.label}", style="green")
        return
    for number, (is_item, block) in enumerate(blocks(_unticked(one.fix or ""))):
        mark = "-" if is_item else ""
        page.add(*((8, "fix:") if number == 0 else (13, mark)), block, style="green", limit=1200)


def _add_evidence(page: Page, review: Review, evidence: Evidence, *, is_first: bool) -> None:
    """One screen for the cause: the first exchange without the request's body, of the others what they show."""
    place = f" ({evidence.source})" if evidence.source else ""
    page.add(8, "evidence:", f"{evidence.summary}{place}", style="dim")
    for line in evidence_lines(review, evidence):
        if line.startswith("data: ") or (is_first and not line.startswith("request: ")):
            page.add(10, "", (line, "dim"), limit=600)


def _add_unlooked(page: Page, review: Review) -> None:
    """What was skipped, by the setting that would enable it."""
    if not review.gaps:
        return
    page.gap()
    page.add(0, "", ("Not looked at", "bold"))
    for gap in review.gaps:
        enabled = f"{gap.setting}" if gap.setting else "no setting enables these"
        reasons = "; ".join(gap.reasons[:3]) + ("; …" if len(gap.reasons) > 3 else "")
        page.add(2, "-", (enabled, "bold"), f" ({plural(len(gap.checks), 'check')}): {reasons}", style="dim")
        names = ", ".join(gap.checks[:_NAMES_CAP])
        more = f" and {len(gap.checks) - _NAMES_CAP} more" if len(gap.checks) > _NAMES_CAP else ""
        page.add(4, "", (f"{names}{more}", "dim"), limit=1200)


def _add_notes(page: Page, report: Report) -> None:
    noted = [(result.check, note) for result in report.results for note in result.notes]
    if report.notes or noted:
        page.gap()
        page.add(0, "", ("Notes", "bold"))
        for note in report.notes:
            page.add(2, "-", note)
        for check, note in noted:
            page.add(2, "-", f"{check}: ", note)
    if report.left_behind:
        page.gap()
        page.add(0, "", ("Left behind", "bold"))
        for thing in report.left_behind:
            page.add(2, "-", thing)


def _add_summary(page: Page, review: Review) -> None:
    report = review.report
    page.gap()
    page.add(0, "", (report.headline, "bold"), f" checks: {counted(review)}")
    found = ", ".join(f"{count} {severity}" for severity, count in review.severities.items() if count)
    page.add(0, "", f"findings: {found or 'none'}")
    ticks = ", ".join(f"{review.tasks_in(state)} {state}" for state in TaskState)
    page.add(0, "", f"tasks: {ticks}")
    page.add(0, "", "verdict: ", (review.verdict, _VERDICT_STYLES[review.verdict]), f" ({review.verdict_reason})")
    reasons = "; ".join(review.exit_reasons)
    told = reasons or f"nothing at or above {report.policy.fail_on}, and the audit is complete"
    page.add(0, "", f"exit code {review.exit_code}: {told}", limit=1200)


def _unticked(text: str) -> str:
    """A fix without the backticks of its code spans."""
    return re.sub(r"(`+)([^`]+)\1", r"\2", text)
