"""One audit: from settings and a selection to a plan, and from there to a report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import stripe_audit
from stripe_audit.audit.connection import connection_notes, lost_injection
from stripe_audit.audit.places import handlers_of, places_of, project_within_repository
from stripe_audit.audit.proof import Proof, expected_permission, prove
from stripe_audit.audit.reviving import Revival
from stripe_audit.audit.stage import Stage
from stripe_audit.audit.stories import kept_of
from stripe_audit.audit.stripe_side import record_stripe_side
from stripe_audit.catalog import Catalog, Selection, load_catalog
from stripe_audit.check import Check
from stripe_audit.context import Context, World
from stripe_audit.describe import declared_needs, scenario_places, target_spec, webhook_secrets
from stripe_audit.engine import Engine
from stripe_audit.errors import UsageError
from stripe_audit.events import Listener, NoteAdded, RunFinished, RunStarted
from stripe_audit.gating.acceptance import accepted_entries, accepting
from stripe_audit.gating.difference import compared_with
from stripe_audit.models import CheckResult, Effect
from stripe_audit.phases import PHASES, phase_of
from stripe_audit.plan import Plan, make_plan
from stripe_audit.report import Policy, Report, RunFacts, TargetFacts
from stripe_audit.safety import Interlock, Permission
from stripe_audit.settings import Settings
from stripe_audit.stripe_backend.account import RealAccount
from stripe_audit.survey.manifests import framework_of

__all__ = ["Audit", "Options"]

_MANY = 100
"""Checks from which on a process of its own for the embedded Stripe saves more than its start costs."""


@dataclass(frozen=True, slots=True)
class Options:
    """What flags say about one run."""

    selection: Selection = field(default_factory=Selection)
    seed: int | None = None
    is_launching: bool = True
    has_project_checks: bool = True
    temporary: tuple[Path, ...] = ()
    """Folders that must not outlive the run, even if the audit is killed."""
    shard: tuple[int, int] | None = None
    """Which part of the selected checks: the first of (1, 3) is every third from the first on."""
    before: Report | None = None
    """An earlier report, so that this one can say what was resolved since."""
    notes: tuple[str, ...] = ()
    """What the report is to say besides: what was assumed, for instance."""
    scenarios: tuple[Path, ...] = ()
    """Files of scenarios, or folders of them, beside those that the settings name."""


@dataclass(slots=True)
class _Course:
    """How far a run has come; what is here when it ends is what the report is made of."""

    started_at: float = field(default_factory=time.time)
    plan: Plan | None = None
    results: list[CheckResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interlock: Interlock | None = None
    folder: Path | None = None
    stripe_side: tuple[str, ...] = ()


class Audit:
    """Runs once. ``interrupt`` may be called from a signal handler of the thread that runs it."""

    def __init__(self, settings: Settings, options: Options) -> None:
        """Raises CatalogError, SettingsError, and UsageError where nothing is selected."""
        self.settings = settings
        self.options = options
        self._listeners: tuple[Listener, ...] = ()
        audit = settings.model.audit
        folders = [settings.path(name) for name in audit.checks_dirs] if options.has_project_checks else []
        points = audit.entry_points if options.has_project_checks else []
        own = scenario_places(settings) if options.has_project_checks else []
        self._accepted = accepted_entries(settings)
        self.catalog: Catalog = load_catalog(
            checks_dirs=folders, entry_points=points, scenarios=[*own, *options.scenarios], is_deep=audit.deep
        )
        self.selected = _part(self.catalog.select(options.selection), options.shard)
        if not self.selected:
            raise UsageError("no check is selected", hint="each of the filters narrows the selection; drop one")
        self._engine: Engine | None = None
        self._is_interrupted = False

    def interrupt(self) -> None:
        """End what runs; the report is partial. Before any check runs, KeyboardInterrupt unwinds what is under way."""
        self._is_interrupted = True
        if self._engine is None:
            raise KeyboardInterrupt
        self._engine.interrupt()

    # Planning

    def plan(self) -> Plan:
        """What a run would do, without starting anything. Pure but for reading files."""
        target = self.settings.model.target
        is_launching = self.options.is_launching and target.launch is not None
        secrets = webhook_secrets(self.settings, self.options.seed, is_launching=is_launching)
        spec = target_spec(self.settings, {}, secrets)
        declared = declared_needs(self.settings, spec, is_launching=is_launching)
        return make_plan(
            self.catalog, self.selected, declared, expected_permission(self.settings, is_launching=is_launching)
        )

    # Running

    def run(self, folder: Path | None = None, listeners: Sequence[Listener] = ()) -> Report:
        """Set the stage, prove test mode, run the plan. Raises StripeError or TargetError if our ports are taken.

        ``folder`` takes the exchanges; None keeps them in memory.
        """
        self._listeners = tuple(listeners)
        course = _Course(folder=folder, notes=list(self.options.notes))
        stage = Stage(
            self.settings,
            folder=folder,
            seed=self.options.seed,
            is_launching=self.options.is_launching,
            temporary=self.options.temporary,
            is_stripe_apart=len(self.selected) >= _MANY,
        )
        try:
            with stage:
                self._judge(stage, course)
        except KeyboardInterrupt:
            self._is_interrupted = True
        finally:
            self._engine = None
        self._say(RunFinished(self._is_interrupted))
        return self._report(stage, course)

    def _judge(self, stage: Stage, course: _Course) -> None:
        proof = self._proved(stage)
        course.notes += proof.notes
        course.interlock = Interlock(proof.permission)
        declared = declared_needs(self.settings, stage.spec, is_launching=stage.is_launching, unreached=stage.unreached)
        course.plan = make_plan(self.catalog, self.selected, declared, proof.permission)
        self._say(RunStarted(stage.tag, len(course.plan.running), len(course.plan.entries)))
        for note in proof.notes:
            self._say(NoteAdded(note))
        world, revival = stage.world(course.interlock), Revival(stage)
        engine = Engine(
            self.catalog,
            course.plan,
            lambda check: _context(world, check, revival),
            jobs=self.settings.model.audit.jobs,
            timeout=self.settings.model.audit.timeout,
            listeners=self._listeners,
        )
        self._engine = engine
        if self._is_interrupted:
            engine.interrupt()
        course.results = engine.run()
        course.stripe_side = record_stripe_side(stage)
        course.notes += [*_closing_notes(stage, course.interlock, proof), *revival.notes]

    def _proved(self, stage: Stage) -> Proof:
        lost = lost_injection(stage)
        if all(self.catalog[identity].effect <= Effect.READ for identity in self.selected):
            reason = "no selected check does more"
            return Proof(Permission(Effect.READ, reason), lost, is_tried=False)
        proof = prove(stage, allow_probes=self.settings.model.audit.allow_probes)
        return replace(proof, notes=(*lost, *proof.notes))

    def _say(self, event: RunStarted | NoteAdded | RunFinished) -> None:
        for listener in self._listeners:
            listener(event)

    # Reporting

    def _report(self, stage: Stage, course: _Course) -> Report:
        results = tuple(course.results) or tuple(
            CheckResult.not_begun(facts.id, facts.task, facts.title)
            for facts in (self.catalog.facts(identity) for identity in self.selected)
        )
        permission = course.interlock.granted if course.interlock else Permission(Effect.NONE, "interrupted before")
        audit = self.settings.model.audit
        phases = {phase_of(result.task).number for result in results}
        scenarios = {name for name in self.catalog if "scenario" in self.catalog[name].tags}
        kept = kept_of(results, stage.recorder.get, stripe_side=course.stripe_side, tag=stage.tag, scenarios=scenarios)
        report = Report(
            run=RunFacts(
                tag=stage.tag,
                version=stripe_audit.__version__,
                started_at=course.started_at,
                finished_at=time.time(),
                interrupted=self._is_interrupted,
                seed=self.options.seed,
                folder=str(course.folder) if course.folder else None,
            ),
            target=TargetFacts(
                name=self.settings.model.target.name,
                url=stage.spec.url,
                environment=self.settings.model.target.environment,
                launched=stage.is_launching,
                stripe=_stripe_told(stage),
                api_version=self.settings.model.stripe.api_version or stage.api_version,
                proof=permission.reason,
                allowed=permission.strongest.value,
                reached=stage.unreached is None,
                framework=_framework(self.settings),
            ),
            policy=Policy(
                fail_on=audit.fail_on,
                fail_on_in=audit.fail_on_in,
                strict=audit.strict,
                allow_empty=tuple(audit.allow_empty),
                selected_phases=tuple(phase.number for phase in PHASES if phase.number in phases),
            ),
            checks={result.check: self.catalog.facts(result.check) for result in results},
            results=results,
            exchanges=kept.exchanges,
            notes=tuple(course.notes),
            left_behind=stage.left_behind,
            stories=kept.stories,
            project=project_within_repository(self.settings.folder),
            places=places_of(self.settings, stage.spec),
            handlers=handlers_of(self.settings, stage.spec),
        )
        former = {result.check: self.catalog[result.check].formerly for result in results}
        report = accepting(report, self._accepted, former)
        return compared_with(report, self.options.before) if self.options.before else report


def _part(selected: Sequence[str], shard: tuple[int, int] | None) -> tuple[str, ...]:
    return tuple(selected) if shard is None else tuple(selected)[shard[0] - 1 :: shard[1]]


def _stripe_told(stage: Stage) -> str:
    if isinstance(stage.stripe, RealAccount):
        return "a real account in test mode"
    return "embedded emulator" if stage.stripe else "not in reach of the audit"


def _framework(settings: Settings) -> str | None:
    """The framework that the target's files tell of: those of its root, else of where it is launched."""
    target = settings.model.target
    folders = [target.root, target.launch.cwd if target.launch else None]
    return next(filter(None, (framework_of(settings.path(name)) for name in folders if name)), None)


def _context(world: World, check: type[Check], revival: Revival) -> Context:
    revival.before_check()
    return Context(world, check.id)


def _closing_notes(stage: Stage, interlock: Interlock, proof: Proof) -> list[str]:
    notes = list(connection_notes(stage, is_tried=proof.is_tried))
    if stage.unreached:
        notes.append(f"the target was not reached: {stage.unreached}")
    if interlock.granted != proof.permission:
        notes.append(f"all writes were ended during the run: {interlock.granted.reason}")
    if stage.recorder.trouble:
        notes.append(stage.recorder.trouble)
    return notes
