"""One check, run in a thread and an event loop of its own.

A check that blocks its loop holds up nobody else. When its time is over it is asked to end; if it does not, its thread
is left behind (it is a daemon), its context refuses everything from then on, and its stack is put in the result.
This is the one place with a timeout and a broad ``except``.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol, cast

from stripe_audit.check import Check
from stripe_audit.engine.sealing import plain_texts, sealed, without_context, worded
from stripe_audit.engine.threads import CheckThreads
from stripe_audit.errors import AuditError, BudgetError, Inconclusive, SafetyError, Skip
from stripe_audit.models import CheckResult, Finding, Outcome

__all__ = ["Attempt", "CheckContext", "unstarted"]

MOST_FINDINGS = 1000
"""A check that yields more does not end by itself."""
_STRAGGLING_S = 1.0
"""How long what a check left running may take to end."""


class CheckContext(Protocol):
    """What the engine needs of a context; everything else in it is the check's business."""

    notes: list[str]

    @property
    def exchanges(self) -> list[str]:
        """Ids of what the check sent."""
        ...

    def safe(self, text: str) -> str:
        """The text, redacted and inert. May be called from any thread."""
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
    """A running check. ``on_end`` is called from any thread when its result can be had."""

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
        self._generator: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._why_ended: str | None = None
        self._began = time.monotonic()
        self._started_at = time.time()
        self._thread = threading.Thread(target=self._run, name=f"check {check.id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self._started_at = time.time()
        try:
            self._thread.start()
        except RuntimeError as error:  # the system gives no more threads
            self._finish(_Ending(Outcome.ERRORED, error=f"it could not be started: {error}"))

    def _run(self) -> None:
        try:
            asyncio.run(self._judge())
            ending = _Ending(Outcome.PASSED)
        except BaseException as error:  # a check may raise anything; none of it is the engine's end
            ending = self._explained(error)
        if ending.outcome is Outcome.PASSED and self._is_late():  # it may have swallowed its cancellation
            ending = _Ending(Outcome.ERRORED, error=self._lateness())
        self._finish(ending)

    async def _judge(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(CheckThreads())
        loop.set_exception_handler(_unheard)
        context = self._make_context(self.check)
        with self._lock:
            self._context = context
            self._loop, self._task = loop, asyncio.current_task()
            is_over = self._why_ended is not None or self.result is not None
        try:
            if is_over:
                raise asyncio.CancelledError
            async with asyncio.timeout_at(loop.time() + max(0.0, self.deadline - time.monotonic())):
                await self._collect(context)
        finally:
            if is_over:
                context.close()
            await _end_stragglers()
            await context.aclose()

    async def _collect(self, context: CheckContext) -> None:
        self._generator = self.check().run(cast(Any, context))
        try:
            async for yielded in self._generator:
                self._findings.append(sealed(yielded, self.check, context.safe))
                if len(self._findings) >= MOST_FINDINGS or self.result is not None:
                    raise RuntimeError(f"stopped after {len(self._findings)} findings")
        finally:
            await self._generator.aclose()

    def _is_late(self) -> bool:
        return self._why_ended is not None or time.monotonic() > self.deadline

    def _lateness(self) -> str:
        return self._why_ended or f"not finished after {self._timeout:g} s"

    def _explained(self, error: BaseException) -> _Ending:
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:  # a task group's wrapping
            error = error.exceptions[0]
        if isinstance(error, Skip):
            return _Ending(Outcome.SKIPPED, error.message, error.setting)
        if isinstance(error, Inconclusive):
            return _Ending(Outcome.INCONCLUSIVE, error.message, error.supply)
        if isinstance(error, SafetyError):
            return _Ending(Outcome.SKIPPED, error.message, error.hint)
        if isinstance(error, BudgetError):
            return _Ending(Outcome.INCONCLUSIVE, error.message, error.hint)
        if isinstance(error, (TimeoutError, asyncio.CancelledError)) and self._is_late():
            return _Ending(Outcome.ERRORED, error=self._lateness())
        told = error.message if isinstance(error, AuditError) else worded(error)
        return _Ending(Outcome.ERRORED, error=f"{told} ({self._place(error)})")

    def end(self, why: str) -> None:
        """Ask the check to end now; its deadline has come. Called from the engine's thread."""
        with self._lock:
            if self.result is not None or self._why_ended is not None:
                return
            self._why_ended = why
            self.deadline = min(self.deadline, time.monotonic())
            loop, task = self._loop, self._task
        if loop and task:
            with contextlib.suppress(RuntimeError):  # its loop has just closed, so its result is about to come
                loop.call_soon_threadsafe(task.cancel)

    def leave_behind(self) -> None:
        """Take the result without the thread: it blocks. Its stack says where."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        own: FrameType | None = getattr(self._generator, "ag_frame", None)
        place = f"{_file(own.f_code.co_filename)}:{own.f_lineno}" if own else "an unknown place"
        inner = f" ({_stack(frame)})" if frame else ""
        self._finish(_Ending(Outcome.ERRORED, error=f"{self._lateness()}; it blocks at {place}{inner}"))

    def _finish(self, ending: _Ending) -> None:
        """Settle the result; the first to come decides. A context that misbehaves has no say in it."""
        with self._lock:
            context = self._context
            if self.result is not None:
                return
            self.result = self._in_words(ending, context)
        try:
            if context:
                with contextlib.suppress(Exception):
                    context.close()
        finally:
            self._on_end()

    def _in_words(self, ending: _Ending, context: CheckContext | None) -> CheckResult:
        def safe(text: object) -> str:
            try:
                return context.safe(str(text)) if context else without_context(str(text))
            except Exception:
                return without_context(str(text))

        findings = tuple(self._findings)
        notes: tuple[str, ...] = ()
        exchanges: tuple[str, ...] = ()
        if context:
            with contextlib.suppress(Exception):  # a check may have put anything in their place
                notes = plain_texts(context.notes, safe)
                exchanges = plain_texts(context.exchanges, safe)
        return CheckResult(
            check=self.check.id,
            task=self.check.task,
            title=self.check.documentation.title,
            outcome=Outcome.FAILED if findings else ending.outcome,
            findings=findings,
            reason=None if ending.reason is None else safe(ending.reason),
            setting=ending.setting,
            notes=notes,
            error=None if ending.error is None else safe(ending.error),
            duration_s=round(time.monotonic() - self._began, 3),
            started_at=round(self._started_at, 3),
            exchanges=exchanges,
        )

    def _place(self, error: BaseException) -> str:
        """Where in the check it happened; else where at all."""
        frames = traceback.extract_tb(error.__traceback__)
        if not frames:
            return "no traceback"
        home = getattr(getattr(self.check.run, "__code__", None), "co_filename", None)
        frame = ([frame for frame in frames if frame.filename == home] or frames)[-1]
        return f"{_file(frame.filename)}:{frame.lineno}"


async def _end_stragglers() -> None:
    """Cancel what the check left running: when one task of a ``gather`` ends a check, the others go on.

    They hold connections, which cannot be closed under them.
    """
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        ended, _ = await asyncio.wait(tasks, timeout=_STRAGGLING_S)
        for task in ended:
            if not task.cancelled():
                task.exception()  # the check has ended for another reason; this one is told to nobody


def _unheard(loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
    """What a task raises that its check forgot: printed, it would put unredacted text on the terminal."""


def unstarted(check: type[Check], reason: str, setting: str | None) -> CheckResult:
    """The result of a check that does not run."""
    title = check.documentation.title
    return CheckResult(check.id, check.task, title, Outcome.SKIPPED, reason=reason, setting=setting)


def _file(path: str) -> str:
    """A file by its folder and name."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _stack(frame: FrameType) -> str:
    """The innermost four places of a thread, the innermost first."""
    places = [f"{_file(entry.filename)}:{entry.lineno}" for entry in traceback.extract_stack(frame)]
    return " < ".join(reversed(places[-4:]))
