"""Steps that restart or kill the launched target."""

from __future__ import annotations

import asyncio

from stripe_audit.deployment.launch.process import LaunchedTarget
from stripe_audit.errors import Inconclusive, LaunchError, Skip
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.steps import Kill, Restart

__all__ = ["kill", "restart"]

_EXIT_S = 5.0


def _launched(course: Course) -> LaunchedTarget:
    launched = course.ctx.launched
    if launched is None:
        raise Skip("the target is not launched by the audit", setting="target.launch")
    return launched


async def restart(course: Course, step: Step, body: Restart) -> None:
    """Stop it as a deployment does, and start it again."""
    await _start(course, step, _launched(course))


async def kill(course: Course, step: Step, body: Kill) -> None:
    """Kill it as a crash does."""
    launched = _launched(course)
    if launched.is_running:
        await asyncio.to_thread(launched.kill)
    if not await asyncio.to_thread(launched.wait_exited, _EXIT_S):
        raise Inconclusive(f"{step.place}: the target outlives SIGKILL")
    if body.start:
        await _start(course, step, launched)


async def _start(course: Course, step: Step, launched: LaunchedTarget) -> None:
    try:
        await asyncio.to_thread(launched.restart)
    except LaunchError as error:
        raise Inconclusive(f"{step.place}: the target does not come back: {error.message}") from None
