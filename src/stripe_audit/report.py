"""The report: what was planned, what was judged, what was found, and the rules that sum it up.

Every format renders from this value and nothing else, so that a saved report renders again to the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from stripe_audit.models import CheckResult, Exchange, Finding, Outcome, Severity, SourceLocation, Verdict
from stripe_audit.phases import PHASES, TASKS, Phase, Task, phase_of

__all__ = [
    "SCHEMA",
    "Accepted",
    "CheckFacts",
    "Policy",
    "Report",
    "RunFacts",
    "Since",
    "TargetFacts",
    "TaskState",
    "closing_verdict",
    "exit_code",
    "exit_reasons",
    "task_state",
]

SCHEMA = "stripe-audit/v1"


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What a report says about a check, taken from its class. ``what``, ``why`` and ``fix`` are Markdown."""

    id: str
    task: str
    title: str
    severity: Severity
    effect: str
    what: str
    why: str
    fix: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFacts:
    """When and how. Times are Unix seconds (UTC); ``tag`` marks every object that the run made."""

    tag: str
    version: str
    started_at: float
    finished_at: float
    interrupted: bool = False
    seed: int | None = None
    folder: str | None = None

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.finished_at - self.started_at


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Whom the audit met. ``proof`` says in words what was proved about test mode, ``allowed`` the strongest effect."""

    name: str
    url: str
    environment: str
    launched: bool
    stripe: str
    api_version: str | None
    proof: str
    allowed: str
    reached: bool = True
    framework: str | None = None
    """The web framework that the project's manifests name, where its files are declared."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the exit code depends on."""

    fail_on: Severity = Severity.MEDIUM
    strict: bool = False
    allow_empty: tuple[str, ...] = ()
    """Folders of phases that may have no judged check."""
    selected_phases: tuple[int, ...] = tuple(phase.number for phase in PHASES)
    fail_on_in: Mapping[str, Severity] = field(default_factory=dict)
    """Other thresholds, by the folder of a phase or the number of a task; a task's goes before its phase's."""

    def threshold(self, task: str) -> Severity:
        """From which severity on a finding in a task fails the run."""
        folder = phase_of(task).folder if task in TASKS else ""  # another version may have other tasks
        return self.fail_on_in.get(task) or self.fail_on_in.get(folder) or self.fail_on


@dataclass(frozen=True, slots=True)
class Accepted:
    """A decision about one finding: why, by whom, and the last day that it holds, as ``2027-01-31``.

    ``place`` is where it was decided, as ``file:line``.
    """

    reason: str
    owner: str
    until: str | None = None
    place: str = ""

    def holds_at(self, moment: float) -> bool:
        """Whether it holds at a moment in Unix seconds; its last day is over where it is over in UTC."""
        return self.until is None or datetime.fromtimestamp(moment, UTC).date() <= date.fromisoformat(self.until)


@dataclass(frozen=True, slots=True)
class Since:
    """What has changed since an earlier report, which began ``at`` (Unix seconds). Each as severity, title, check."""

    at: float
    resolved: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    """Gone, and not looked at again."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole audit. ``results`` stand in plan order and name every check of the catalogue that was selected."""

    run: RunFacts
    target: TargetFacts
    policy: Policy
    checks: Mapping[str, CheckFacts]
    results: tuple[CheckResult, ...]
    exchanges: tuple[Exchange, ...] = ()
    """Those that evidence refers to, whole, those of the stories in brief; all lie in the run's folder as NDJSON."""
    notes: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()
    """What the clean-up could not undo."""
    stories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of exchanges that tell of one payment, in order of time: by a finding's fingerprint what led to it, by
    the id of a check that found nothing the journey that it followed."""
    project: str = ""
    """The project's folder within its repository, with slashes; empty where they are the same, or none is known."""
    places: Mapping[str, SourceLocation] = field(default_factory=dict)
    """Where the settings describe what findings concern: routes by their label, ``env_files``, and ``""`` for all."""
    handlers: Mapping[str, SourceLocation] = field(default_factory=dict)
    """Where the target's source declares its routes, by their label, as far as that could be read."""
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    """What the project has decided about findings, by their fingerprints; some of it may not hold any more."""
    since: Since | None = None
    """What is different from an earlier report, where one was given."""
    schema: str = field(default=SCHEMA)

    def acceptance(self, finding: Finding) -> Accepted | None:
        """The decision that lets a finding pass, if there is one and it still holds."""
        decided = self.accepted.get(finding.fingerprint)
        return decided if decided and decided.holds_at(self.run.started_at) else None

    def is_failing(self, finding: Finding) -> bool:
        """Whether a finding fails the run: bad enough for its task, and not accepted."""
        facts = self.checks.get(finding.check)
        line = self.policy.threshold(facts.task) if facts else self.policy.fail_on
        return finding.severity is not None and finding.severity.at_least(line) and self.acceptance(finding) is None

    @property
    def judged(self) -> int:
        """How many checks have a verdict."""
        return sum(result.outcome.is_judged for result in self.results)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the worst first, else in plan order."""
        found = [finding for result in self.results for finding in result.findings]
        return tuple(sorted(found, key=lambda finding: -(finding.severity or Severity.INFO).rank))

    @property
    def headline(self) -> str:
        """The first line of every summary."""
        return f"judged {self.judged} of {len(self.results)}"

    def exchange(self, identity: str) -> Exchange | None:
        """The exchange that evidence refers to, if it is kept here."""
        return next((exchange for exchange in self.exchanges if exchange.id == identity), None)

    def of_phase(self, phase: Phase) -> tuple[CheckResult, ...]:
        """The results of a phase, in plan order."""
        return tuple(result for result in self.results if result.task.startswith(f"{phase.number}."))

    def of_task(self, task: Task) -> tuple[CheckResult, ...]:
        """The results of a task, in plan order."""
        return tuple(result for result in self.results if result.task == task.id)

    def count(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(result.outcome is outcome for result in self.results)


class TaskState(StrEnum):
    """How a task is ticked."""

    DONE = "done"
    """Judged, and nothing at or above *medium* found."""
    PROBLEM = "problem"
    """A finding at or above medium."""
    PARTLY = "partly"
    """Some check was judged, but not everything: the audit's fault, or for lack of knowledge."""
    OPEN = "open"
    """No check was judged."""


def task_state(report: Report, task: Task) -> TaskState:
    """The tick of one of the 24 tasks. A skipped check does not spoil a task that others judged."""
    results = report.of_task(task)
    if any(result.worst and result.worst.at_least(Severity.MEDIUM) for result in results):
        return TaskState.PROBLEM
    if not any(result.outcome.is_judged for result in results):
        return TaskState.OPEN
    return TaskState.PARTLY if any(_is_partial(result) for result in results) else TaskState.DONE


def _is_partial(result: CheckResult) -> bool:
    """Whether something remained unjudged that was looked at; a check that failed may have broken off after that."""
    if result.outcome is Outcome.FAILED:
        return result.error is not None or result.reason is not None
    return result.outcome in (Outcome.ERRORED, Outcome.INCONCLUSIVE)


def closing_verdict(report: Report) -> Verdict:
    """The rule: not safe, with gaps, secure, or not proven."""
    worst = max((finding.severity.rank for finding in report.findings if finding.severity), default=-1)
    if worst >= Severity.HIGH.rank:
        return Verdict.NOT_SAFE
    all_judged = all(any(result.outcome.is_judged for result in report.of_phase(phase)) for phase in PHASES)
    if worst >= Severity.MEDIUM.rank:
        return Verdict.WITH_GAPS
    is_certain = (
        report.target.reached
        and not report.run.interrupted
        and not any(_is_partial(result) for result in report.results)
    )
    return Verdict.SECURE if all_judged and is_certain else Verdict.NOT_PROVEN


def exit_reasons(report: Report) -> Iterator[tuple[int, str]]:
    """Every reason for a non-zero exit code, with the code, in words."""
    policy = report.policy
    if report.run.interrupted:
        yield 130, "interrupted: the report is partial"
    bad = [finding for finding in report.findings if report.is_failing(finding)]
    if bad:
        line = str(policy.fail_on) if not policy.fail_on_in else "the thresholds of their tasks"
        yield 1, f"{len(bad)} finding{'s' * (len(bad) != 1)} at or above {line}"
    for finding in bad:
        if decided := report.accepted.get(finding.fingerprint):
            yield 1, f"accepted by {decided.owner} until {decided.until}, and not since: {finding.title}"
    if not report.target.reached:
        yield 3, "the target was not reached"
    errored = sum(result.outcome is Outcome.ERRORED or result.error is not None for result in report.results)
    if errored:
        yield 3, f"{errored} check{'s' * (errored != 1)} errored"
    unclear = sum(_is_partial(result) for result in report.results) - errored
    if policy.strict and unclear:
        yield 3, f"{unclear} check{'s' * (unclear != 1)} inconclusive, in whole or in part, and --strict is set"
    for phase in PHASES:
        if phase.number not in policy.selected_phases or phase.folder in policy.allow_empty:
            continue
        if not any(result.outcome.is_judged for result in report.of_phase(phase)):
            yield 3, f"no check of phase {phase.number} ({phase.title}) was judged"


_STRONGEST_FIRST = (130, 2, 1, 3)


def exit_code(report: Report) -> int:
    """130 interrupted, 1 a finding at or above the threshold, 3 incomplete, 0."""
    codes = {code for code, _ in exit_reasons(report)}
    return next((code for code in _STRONGEST_FIRST if code in codes), 0)
