"""One check, run in a thread and an event loop of its own.

A check that blocks its loop holds up nobody else. When its time is over it is asked to end; if it does not, its thread
is left behind (it is a daemon), its context refuses everything from then on, and its stack is put in the result.
This is the one place with a timeout and a broad ``except``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol, cast

from stripe_audit.check import Check
from stripe_audit.errors import AuditError, BudgetError, Inconclusive, SafetyError, Skip
from stripe_audit.models import CheckResult, Finding, Outcome

__all__ = ["Attempt", "CheckContext", "unstarted"]


class CheckContext(Protocol):
    """What the engine needs of a context; everything else in it is the check's business."""

    notes: list[str]

    @property
    def exchanges(self) -> list[str]:
        """Ids of what the check sent."""
        ...

    def close(self) -> None:
        """Refuse everything from now on. May be called from any thread."""
        ...

    async def aclose(self) -> None:
        """Undo what can be undone, and close connections; from the check's own loop."""
        ...


@dataclasses.dataclass
class _Ending:
    """How a check ended, before it is put in words."""

    outcome: Outcome
    reason: str | None = None
    setting: str | None = None
    error: str | None = None


class Attempt:
    """A running check. ``on_end`` is called once, from any thread, when its result can be had."""

    def __init__(
        self,
        check: type[Check],
        make_context: Callable[[type[Check]], CheckContext],
        timeout: float,
        on_end: Callable[[], None],
    ) -> None:
        self.check = check
        self.deadline = time.monotonic() + timeout
        self.result: CheckResult | None = None
        self._timeout = timeout
        self._make_context = make_context
        self._on_end = on_end
        self._lock = threading.Lock()
        self._findings: list[Finding] = []
        self._context: CheckContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._why_ended: str | None = None
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"check {check.id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self._thread.start()

    def _run(self) -> None:
        ending = _Ending(Outcome.PASSED)
        try:
            asyncio.run(self._judge())
        except BaseException as error:  # a check may raise anything; none of it is the engine's end
            ending = self._explain(error)
        self._finish(ending)

    async def _judge(self) -> None:
        context = self._context = self._make_context(self.check)
        with self._lock:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            async with asyncio.timeout_at(self._loop.time() + max(0.0, self.deadline - time.monotonic())):
                await self._collect(context)
        finally:
            await context.aclose()

    async def _collect(self, context: CheckContext) -> None:
        findings: Any = self.check().run(cast(Any, context))
        try:
            async for finding in findings:
                if not isinstance(finding, Finding):
                    raise TypeError(f"a check yields findings, not {type(finding).__name__}")
                severity = finding.severity or self.check.severity
                self._findings.append(dataclasses.replace(finding, check=self.check.id, severity=severity))
        finally:
            await findings.aclose()

    def _explain(self, error: BaseException) -> _Ending:
        if isinstance(error, Skip):
            return _Ending(Outcome.SKIPPED, error.message, error.setting)
        if isinstance(error, Inconclusive):
            return _Ending(Outcome.INCONCLUSIVE, error.message, error.supply)
        if isinstance(error, SafetyError):
            return _Ending(Outcome.SKIPPED, error.message, error.hint)
        if isinstance(error, BudgetError):
            return _Ending(Outcome.INCONCLUSIVE, error.message, error.hint)
        if isinstance(error, (TimeoutError, asyncio.CancelledError)):
            return _Ending(Outcome.ERRORED, error=self._why_ended or f"not finished after {self._timeout:g} s")
        told = error.message if isinstance(error, AuditError) else f"{type(error).__name__}: {error}"
        return _Ending(Outcome.ERRORED, error=f"{told} ({_place(error)})")

    def end(self, why: str, *, after: float) -> None:
        """Ask the check to end now; ``after`` so many seconds it is left behind. Called from the engine's thread."""
        with self._lock:
            if self.result is not None or self._why_ended is not None:
                return
            self._why_ended = why
            self.deadline = time.monotonic() + after
            loop, task = self._loop, self._task
        if loop and task:
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:  # its loop has just closed, so its result is about to come
                pass

    def leave_behind(self) -> None:
        """Take the result without the thread: it blocks. Its stack says where."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        why = self._why_ended or f"not finished after {self._timeout:g} s"
        self._finish(_Ending(Outcome.ERRORED, error=f"{why}; it blocks at {_stack(frame)}"))

    def _finish(self, ending: _Ending) -> None:
        context = self._context
        if context:
            context.close()
        with self._lock:
            if self.result is not None:
                return
            findings = tuple(self._findings)
            self.result = CheckResult(
                check=self.check.id,
                task=self.check.task,
                title=self.check.documentation.title,
                outcome=Outcome.FAILED if findings else ending.outcome,
                findings=findings,
                reason=ending.reason,
                setting=ending.setting,
                notes=tuple(context.notes) if context else (),
                error=ending.error,
                duration_s=round(time.monotonic() - self._began, 3),
                exchanges=tuple(context.exchanges) if context else (),
            )
        self._on_end()


def unstarted(check: type[Check], reason: str, setting: str | None) -> CheckResult:
    """The result of a check that does not run."""
    title = check.documentation.title
    return CheckResult(check.id, check.task, title, Outcome.SKIPPED, reason=reason, setting=setting)


def _place(error: BaseException) -> str:
    """Where in the check it happened; else where at all."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "no traceback"
    own = [frame for frame in frames if "/checks/" in frame.filename.replace("\\", "/")]
    frame = (own or frames)[-1]
    return f"{'/'.join(frame.filename.replace(chr(92), '/').split('/')[-2:])}:{frame.lineno}"


def _stack(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    places = [f"{entry.filename.split('/')[-1]}:{entry.lineno}" for entry in traceback.extract_stack(frame)]
    return " < ".join(reversed(places[-4:]))
