"""The engine: starts checks when they may start, waits for them, and reports them in the order of the plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

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
_LONGEST_PAUSE_S = 3600.0


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
        if jobs < 1:
            raise ValueError("jobs must be 1 or more")
        self._catalog = catalog
        self._plan = plan
        self._make_context = make_context
        self._jobs = jobs
        self._timeout = timeout
        self._listeners = tuple(listeners)
        self._grace = grace
        # Not a threading.Event: a signal handler that sets one while this thread holds its lock waits for ever.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._running: dict[str, Attempt] = {}
        self._results: dict[str, CheckResult] = {}
        self._resources = Resources()
        self.is_interrupted = False

    def interrupt(self) -> None:
        """End running checks and start no more. ``run`` then returns what was judged until now."""
        self.is_interrupted = True
        self._wake.put(None)

    @property
    def results(self) -> list[CheckResult]:
        """What is known until now, in the order of the plan."""
        return [self._results[entry.check.id] for entry in self._plan.entries if entry.check.id in self._results]

    def run(self) -> list[CheckResult]:
        """Run everything. One result for each entry of the plan, in its order.

        What a listener raises ends the run and is raised from here; no check is left running.
        """
        try:
            for phase in PHASES:
                ids = [entry.check.id for entry in self._plan.entries if phase_of(entry.check.task) is phase]
                if ids:
                    self._say(PhaseStarted(phase.number, phase.title))
                    self._run_phase(ids)
                    self._say(PhaseFinished(phase.number))
        except BaseException:
            self.interrupt()
            while self._running:
                self._settle()
                self._pause()
            raise
        return self.results

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
        told = 0
        while waiting or self._running:
            self._settle()
            count = len(waiting)
            self._start(waiting)
            if waiting and not self._running and len(waiting) == count:
                self._give_up(waiting.pop(0))
            told = self._tell(ids, told)
            self._pause()
        self._tell(ids, told)

    def _settle(self) -> None:
        """Collect results; end what was interrupted; leave behind what outlived its deadline and its grace."""
        for identity, attempt in list(self._running.items()):
            if self.is_interrupted:
                attempt.end("interrupted")
            if attempt.result is None and time.monotonic() > attempt.deadline + self._grace:
                attempt.leave_behind()
            if attempt.result is not None:
                self._results[identity] = attempt.result
                self._resources.give_back(attempt.check.uses)
                del self._running[identity]

    def _pause(self) -> None:
        """Wait until something ends, until an interrupt, or until a running check must be left behind."""
        if not self._running:
            return
        until = min(attempt.deadline for attempt in self._running.values()) + self._grace
        with suppress(Empty):
            self._wake.get(timeout=min(max(0.0, until - time.monotonic()) + 0.005, _LONGEST_PAUSE_S))
            while True:
                self._wake.get_nowait()

    def _start(self, waiting: list[str]) -> None:
        earlier: list[Uses] = []
        for identity in list(waiting):
            check = self._catalog[identity]
            obstacle = self._obstacle(check)
            if obstacle:
                waiting.remove(identity)
                self._results[identity] = unstarted(check, obstacle, None)
            elif self._may_start(check, earlier):
                waiting.remove(identity)
                self._resources.take(check.uses)
                self._say(CheckBegan(identity))
                timeout = check.timeout or self._timeout
                attempt = Attempt(check, self._make_context, timeout, lambda: self._wake.put(None))
                self._running[identity] = attempt
                attempt.start()
            else:
                earlier.append(check.uses)

    def _may_start(self, check: type[Check], earlier: Sequence[Uses]) -> bool:
        return (
            len(self._running) < self._jobs
            and all(required in self._results for required in check.requires)
            and self._resources.is_free_for(check.uses, earlier)
        )

    def _obstacle(self, check: type[Check]) -> str | None:
        if self.is_interrupted:
            return "interrupted before it began"
        for required in check.requires:
            result = self._results.get(required)
            if result and result.outcome is not Outcome.PASSED:
                return f"needs {required}, which {_ENDED[result.outcome]}"
        return None

    def _give_up(self, identity: str) -> None:
        """Nothing runs and nothing can start: the plan does not hold what the first in line requires."""
        check = self._catalog[identity]
        missing = ", ".join(required for required in check.requires if required not in self._results)
        title, error = check.documentation.title, f"requires {missing}, which the plan does not have before it"
        self._results[identity] = CheckResult(check.id, check.task, title, Outcome.ERRORED, error=error)

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
