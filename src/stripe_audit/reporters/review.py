"""The review: what every format says about a report, worked out once. Pure; each format puts it in its own signs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from stripe_audit.models import CheckResult, Evidence, Exchange, Finding, Outcome, Severity, Verdict
from stripe_audit.phases import PHASES, TASKS, Phase
from stripe_audit.report import (
    CheckFacts,
    Report,
    TaskState,
    closing_verdict,
    exit_code,
    exit_reasons,
    task_state,
)
from stripe_audit.reporters.quoting import plural

__all__ = ["Gap", "Numbered", "Recommendation", "Review", "gaps_of", "review_of", "shown_duration", "shown_time"]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A finding with its number in this report (``F1`` is the worst) and what its check says about itself."""

    label: str
    finding: Finding
    facts: CheckFacts | None
    decision: str | None = None
    """What was decided about it, by whom and until when, in words."""

    @property
    def severity(self) -> Severity:
        """The finding's severity; info where none was stamped."""
        return self.finding.severity or Severity.INFO

    @property
    def fix(self) -> str | None:
        """The finding's own fix, else its check's."""
        return self.finding.fix or (self.facts.fix if self.facts else None)


@dataclass(frozen=True, slots=True)
class Gap:
    """Checks that did not look, for the same want. ``setting`` would enable them; ``reasons`` are distinct."""

    setting: str | None
    reasons: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do about one check's findings."""

    severity: Severity
    check: str
    labels: tuple[str, ...]
    title: str
    fix: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that a review says beside the results themselves. Texts are plain; settings stand in backticks."""

    report: Report
    findings: tuple[Numbered, ...]
    """The worst first."""
    task_states: Mapping[str, TaskState]
    outcomes: Mapping[Outcome, int]
    severities: Mapping[Severity, int]
    gaps: tuple[Gap, ...]
    """The want that holds up the most checks first."""
    recommendations: tuple[Recommendation, ...]
    """By severity."""
    next_steps: tuple[str, ...]
    verdict: Verdict
    verdict_reason: str
    exit_code: int
    exit_reasons: tuple[str, ...]
    requests: int
    """Distinct exchanges that the checks recorded."""
    exchanges: Mapping[str, Exchange]

    def of_outcome(self, *outcomes: Outcome) -> tuple[CheckResult, ...]:
        """The results that ended so, in plan order."""
        return tuple(result for result in self.report.results if result.outcome in outcomes)

    @property
    def troubled(self) -> tuple[CheckResult, ...]:
        """The results that carry an error, with findings or without."""
        return tuple(result for result in self.report.results if result.error is not None)

    def of_phase(self, phase: Phase) -> tuple[Numbered, ...]:
        """The findings of a phase, the worst first."""
        checks = {result.check for result in self.report.of_phase(phase)}
        return tuple(one for one in self.findings if one.finding.check in checks)

    def of_check(self, check: str) -> tuple[Numbered, ...]:
        """The findings of a check, the worst first."""
        return tuple(one for one in self.findings if one.finding.check == check)

    def tasks_in(self, state: TaskState) -> int:
        """How many of the 24 tasks are so."""
        return sum(one is state for one in self.task_states.values())

    def exchange(self, evidence: Evidence) -> Exchange | None:
        """The exchange that evidence refers to, where the report keeps it."""
        return self.exchanges.get(evidence.exchange) if evidence.exchange else None


def _decision(report: Report, finding: Finding) -> str | None:
    decided = report.accepted.get(finding.fingerprint)
    if decided is None:
        return None
    term = f" until {decided.until}" if decided.until else ""
    over = "" if report.acceptance(finding) else ", which is over"
    return f"accepted by {decided.owner}{term}{over}: {decided.reason} ({decided.place})"


def review_of(report: Report) -> Review:
    """Work a report up."""
    ordered = report.findings
    findings = tuple(
        Numbered(f"F{n}", one, report.checks.get(one.check), _decision(report, one)) for n, one in enumerate(ordered, 1)
    )
    skipped = (result for result in report.results if result.outcome is Outcome.SKIPPED)
    gaps = gaps_of((result.check, result.setting, result.reason) for result in skipped)
    verdict = closing_verdict(report)
    return Review(
        report=report,
        findings=findings,
        task_states={task.id: task_state(report, task) for task in TASKS.values()},
        outcomes={outcome: report.count(outcome) for outcome in Outcome},
        severities={severity: sum(one.severity is severity for one in findings) for severity in Severity},
        gaps=gaps,
        recommendations=tuple(_recommendations(findings)),
        next_steps=tuple(_next_steps(report, findings, gaps)),
        verdict=verdict,
        verdict_reason=_verdict_reason(report, verdict),
        exit_code=exit_code(report),
        exit_reasons=tuple(reason for _, reason in exit_reasons(report)),
        requests=len({identity for result in report.results for identity in result.exchanges}),
        exchanges={exchange.id: exchange for exchange in report.exchanges},
    )


def shown_time(seconds: float) -> str:
    """A moment in UTC, to the second."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "an unknown time"


def shown_duration(seconds: float) -> str:
    """A span as people say it."""
    if not math.isfinite(seconds):
        return "an unknown time"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def gaps_of(unlooked: Iterable[tuple[str, str | None, str | None]]) -> tuple[Gap, ...]:
    """Checks (id, setting, reason) by the setting that would enable them; by the reason where no setting would."""
    grouped: dict[tuple[str | None, str], dict[str, str]] = {}
    for check, setting, reason in unlooked:
        told = reason or "no reason was given"
        grouped.setdefault((setting, "" if setting else told), {})[check] = told
    gaps = [Gap(setting, tuple(dict.fromkeys(told.values())), tuple(told)) for (setting, _), told in grouped.items()]
    return tuple(sorted(gaps, key=lambda gap: (gap.setting is None, -len(gap.checks))))


def _recommendations(findings: tuple[Numbered, ...]) -> Iterator[Recommendation]:
    """One for each check and fix, in the order of its worst finding."""
    grouped: dict[tuple[str, str | None], list[Numbered]] = {}
    for one in findings:
        grouped.setdefault((one.finding.check, one.fix), []).append(one)
    for (check, fix), those in grouped.items():
        first = those[0]
        title = first.facts.title if first.facts else first.finding.title
        yield Recommendation(first.severity, check, tuple(one.label for one in those), title, fix)


def _next_steps(report: Report, findings: tuple[Numbered, ...], gaps: tuple[Gap, ...]) -> Iterator[str]:
    """What the measured state asks for, the most pressing first."""
    if not report.target.reached:
        yield "Make the target reachable, then run again."
    for severity in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM):
        labels = [one.label for one in findings if one.severity is severity]
        if labels:
            yield f"Fix the {severity} {'finding' if len(labels) == 1 else 'findings'}: {_listed(labels)}."
    if report.run.interrupted:
        yield "Run again to the end: this run was interrupted."
    for gap in gaps:
        if gap.setting:
            yield f"To let {_some(gap.checks)} look: {_ticked(gap.setting)}."
    unclear = [result for result in report.results if result.outcome is Outcome.INCONCLUSIVE]
    for supply, checks in _by_supply(unclear).items():
        yield f"To let {_some(checks)} tell: {_ticked(supply)}."
    errored = [result.check for result in report.results if result.error is not None]
    if errored:
        yield f"Look into the errors of {_listed(errored)}; what they did not judge is open."
    if report.left_behind:
        yield f"Clean up by hand what was left behind: {plural(len(report.left_behind), 'thing')}."
    minor = [one.label for one in findings if not one.severity.at_least(Severity.MEDIUM)]
    if minor:
        yield f"Weigh the {'finding' if len(minor) == 1 else 'findings'} below medium: {_listed(minor)}."


def _by_supply(results: list[CheckResult]) -> dict[str, list[str]]:
    supplies: dict[str, list[str]] = {}
    for result in results:
        if result.setting:
            supplies.setdefault(result.setting, []).append(result.check)
    return supplies


def _some(checks: Sequence[str]) -> str:
    return _listed(checks) if len(checks) <= 3 else f"{len(checks)} checks"


def _ticked(text: str) -> str:
    """A setting as code; one that is told in words stays as it is."""
    return f"`{text}`" if text and " " not in text and "`" not in text else text


def _listed(names: Sequence[str], limit: int = 12) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _verdict_reason(report: Report, verdict: Verdict) -> str:
    """Why the rule of ``closing_verdict`` gives this verdict."""
    counts = {severity: sum(one.severity is severity for one in report.findings) for severity in Severity}
    if verdict is Verdict.NOT_SAFE:
        bad = [f"{counts[one]} {one}" for one in (Severity.CRITICAL, Severity.HIGH) if counts[one]]
        is_one = counts[Severity.CRITICAL] + counts[Severity.HIGH] == 1
        return f"{' and '.join(bad)} {'finding' if is_one else 'findings'}"
    if verdict is Verdict.WITH_GAPS:
        return f"no critical or high finding, but {plural(counts[Severity.MEDIUM], 'medium finding')}"
    if verdict is Verdict.SECURE:
        return "all six phases were judged, nothing errored or stayed unclear, and nothing at or above medium was found"
    return f"nothing at or above medium was found, but {'; '.join(_doubts(report))}"


def _doubts(report: Report) -> Iterator[str]:
    if report.run.interrupted:
        yield "the run was interrupted"
    silent = [str(one.number) for one in PHASES if not any(r.outcome.is_judged for r in report.of_phase(one))]
    if silent:
        yield f"no check of phase {', '.join(silent)} was judged"
    unclear = report.count(Outcome.INCONCLUSIVE) + report.count(Outcome.ERRORED)
    if unclear:
        yield f"{plural(unclear, 'check')} could not tell"
