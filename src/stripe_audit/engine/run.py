"""The engine: starts checks when they may start, waits for them, and reports them in the order of the plan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from stripe_audit.catalog import Catalog
from stripe_audit.check import Check, Uses
from stripe_audit.engine.attempt import Attempt, CheckContext, unstarted
from stripe_audit.engine.locks import Resources
from stripe_audit.events import CheckBegan, CheckFinished, Event, Listener, PhaseFinished, PhaseStarted
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.phases import PHASES, phase_of
from stripe_audit.plan import Plan

__all__ = ["CheckContext", "Engine"]

_GRACE_S = 1.0
"""How long a check has to end by itself once it was asked to."""


class Engine:
    """Runs a plan once. ``run`` blocks; ``interrupt`` may be called from a signal handler or another thread."""

    def __init__(
        self,
        catalog: Catalog,
        plan: Plan,
        make_context: Callable[[type[Check]], CheckContext],
        *,
        jobs: int = 4,
        timeout: float = 20.0,
        listeners: Sequence[Listener] = (),
        grace: float = _GRACE_S,
    ) -> None:
        self._catalog = catalog
        self._plan = plan
        self._make_context = make_context
        self._jobs = jobs
        self._timeout = timeout
        self._listeners = tuple(listeners)
        self._grace = grace
        self._wake = threading.Event()
        self._results: dict[str, CheckResult] = {}
        self._resources = Resources()
        self.is_interrupted = False

    def interrupt(self) -> None:
        """End running checks and start no more. ``run`` then returns what was judged until now."""
        self.is_interrupted = True
        self._wake.set()

    def run(self) -> list[CheckResult]:
        """Run everything. One result for each entry of the plan, in its order."""
        for phase in PHASES:
            ids = [entry.check.id for entry in self._plan.entries if phase_of(entry.check.task) is phase]
            if not ids:
                continue
            self._say(PhaseStarted(phase.number, phase.title))
            self._run_phase(ids)
            self._say(PhaseFinished(phase.number))
        return [self._results[entry.check.id] for entry in self._plan.entries]

    def _say(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    def _run_phase(self, ids: Sequence[str]) -> None:
        planned = {entry.check.id: entry for entry in self._plan.entries}
        waiting: list[str] = []
        for identity in ids:
            entry = planned[identity]
            if entry.will_run:
                waiting.append(identity)
            else:
                reason = entry.reason or "not planned"
                self._results[identity] = unstarted(self._catalog[identity], reason, entry.setting)
        running: dict[str, Attempt] = {}
        told = 0
        while waiting or running:
            self._wake.clear()
            self._settle(running)
            self._start(waiting, running)
            told = self._tell(ids, told)
            if running:
                self._wake.wait(self._patience(running.values()))
        self._tell(ids, told)

    def _settle(self, running: dict[str, Attempt]) -> None:
        """Collect results; end what was interrupted; leave behind what outlived its deadline and its grace."""
        for identity, attempt in list(running.items()):
            if self.is_interrupted:
                attempt.end("interrupted", after=self._grace)
            if attempt.result is None and time.monotonic() > attempt.deadline + self._grace:
                attempt.leave_behind()
            if attempt.result is not None:
                self._results[identity] = attempt.result
                self._resources.give_back(attempt.check.uses)
                del running[identity]

    def _patience(self, running: Iterable[Attempt]) -> float:
        """Seconds until the next deadline."""
        return max(0.0, min(attempt.deadline for attempt in running) + self._grace - time.monotonic()) + 0.005

    def _start(self, waiting: list[str], running: dict[str, Attempt]) -> None:
        overtaken: list[Uses] = []
        for identity in list(waiting):
            check = self._catalog[identity]
            obstacle = self._obstacle(check)
            if obstacle:
                waiting.remove(identity)
                self._results[identity] = unstarted(check, obstacle, None)
            elif any(required not in self._results for required in check.requires):
                continue
            elif len(running) < self._jobs and self._resources.is_free_for(check.uses, overtaken):
                waiting.remove(identity)
                self._resources.take(check.uses)
                self._say(CheckBegan(identity))
                running[identity] = Attempt(check, self._make_context, check.timeout or self._timeout, self._wake.set)
                running[identity].start()
            else:
                overtaken.append(check.uses)
        if not running and waiting:
            self._wake.set()

    def _obstacle(self, check: type[Check]) -> str | None:
        if self.is_interrupted:
            return "interrupted before it began"
        for required in check.requires:
            result = self._results.get(required)
            if result and result.outcome is not Outcome.PASSED:
                return f"needs {required}, which {_ENDED[result.outcome]}"
        return None

    def _tell(self, ids: Sequence[str], told: int) -> int:
        """Report finished checks in the order of the plan, as far as it is known."""
        while told < len(ids) and ids[told] in self._results:
            self._say(CheckFinished(self._results[ids[told]]))
            told += 1
        return told


_ENDED = {
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "was skipped",
    Outcome.INCONCLUSIVE: "was inconclusive",
    Outcome.ERRORED: "errored",
}
