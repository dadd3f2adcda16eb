"""Taking a scenario's steps, one after the other or together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from stripe_audit.errors import TargetError
from stripe_audit.scenario import delivering, importing, judging, looking, paying, process, shopping
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.reading import Step
from stripe_audit.trials.together import together

__all__ = ["Act", "take", "take_steps"]

Act = Callable[[Course, Step, Any], Awaitable[None]]
_ACTS: dict[str, Act] = {
    "request": shopping.request,
    "create_payment": shopping.create_payment,
    "create_customer": shopping.create_customer,
    "create_checkout": shopping.create_checkout,
    "create_subscription": shopping.create_subscription,
    "pay": paying.pay,
    "authenticate": paying.authenticate,
    "capture": paying.capture,
    "cancel": paying.cancel,
    "refund": paying.refund,
    "dispute": paying.dispute,
    "stripe": paying.stripe,
    "advance": paying.advance,
    "hold": paying.hold,
    "deliver": delivering.deliver,
    "fault": paying.fault,
    "lift": paying.lift,
    "restart": process.restart,
    "kill": process.kill,
    "rows": looking.rows,
    "notifications": looking.notifications,
    "expect": judging.judge,
    "eventually": judging.judge,
    "stays": judging.judge,
    "fixture": importing.fixture,
}


async def take_steps(course: Course, steps: Sequence[Step], more: Mapping[str, Act] | None = None) -> None:
    """One after the other; a finding ends them, since what follows from it is no finding of its own.

    ``more`` are actions that cannot stand inside others.
    """
    for step in steps:
        if course.findings:
            return
        await take(course, step, more)


async def take(course: Course, step: Step, more: Mapping[str, Act] | None = None) -> None:
    """One step, or those that happen together."""
    if step.model.when is not None and not course.fill(step, step.model.when):
        return
    if step.model.together is not None:
        await together(take(course, inner, more) for inner in step.inside)
        return
    act = {**_ACTS, **(more or {})}[step.model.action]
    try:
        await act(course, step, step.model.body)
    except TargetError as error:
        raise TargetError(f"{step.place}: {error.message}", hint=error.hint) from error
