"""Running a scenario: each row of its matrix takes all steps, and the final ones whatever came before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from stripe_audit.context import Context
from stripe_audit.errors import Ending, Inconclusive, Skip
from stripe_audit.models import Finding
from stripe_audit.scenario.acting import Act, take, take_steps
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.deriving import Derived
from stripe_audit.scenario.exploring import explore
from stripe_audit.scenario.reading import Scenario

__all__ = ["run_scenario"]

_ROWS_AT_ONCE = 4
_MORE: Mapping[str, Act] = {"explore": explore}


async def run_scenario(ctx: Context, scenario: Scenario, derived: Derived) -> AsyncIterator[Finding]:
    """The findings of all rows. A row without a verdict holds up no other one: how it ended is told in the end."""
    turn = asyncio.Semaphore(1 if derived.is_alone else _ROWS_AT_ONCE)
    courses = [Course(ctx, scenario, row) for row in scenario.rows]

    async def one(course: Course) -> Ending | None:
        async with turn:
            return await _travel(course, derived)

    endings = await asyncio.gather(*map(one, courses))
    for course in courses:
        for finding in course.findings:
            yield finding
    for unseen in dict.fromkeys(text for course in courses for text in course.unseen):
        ctx.note(f"not judged, since nothing declared shows it: {unseen}")
    _conclude(ctx, courses, endings)


def _conclude(ctx: Context, courses: list[Course], endings: list[Ending | None]) -> None:
    """What ended rows. Where some were judged, those that were only skipped are noted, the others end the check."""
    ended = [(course, ending) for course, ending in zip(courses, endings, strict=True) if ending]
    skipped = [(course, ending) for course, ending in ended if isinstance(ending, Skip)]
    loud = [(course, ending) for course, ending in ended if not isinstance(ending, Skip)]
    if skipped and len(skipped) == len(courses):
        raise skipped[0][1]
    for course, ending in skipped:
        ctx.note(f"{course.label or 'the scenario'} was not looked at: {ending.message}")
    if len(loud) == 1 and not loud[0][0].label:
        raise loud[0][1]
    if loud:
        told = "; ".join(f"{course.label}: {ending.message}" for course, ending in loud)
        raise Inconclusive(told, supply=getattr(loud[0][1], "supply", None))
    if not any(course.judged for course in courses):
        unseen = dict.fromkeys(text for course in courses for text in course.unseen)
        ctx.inconclusive("none of its conditions can be seen", supply=", ".join(unseen))


async def _travel(course: Course, derived: Derived) -> Ending | None:
    """All steps of one row, as far as they go. What ended it without a verdict, if that is what happened."""
    ended: Ending | None = None
    try:
        if derived.reads_logs:
            course.log_mark = course.ctx.logs.mark()
        await take_steps(course, course.scenario.steps, _MORE)
    except Ending as ending:
        ended = ending
    finally:
        for handle in course.faults.values():
            await handle.lift()
        ended = await _final(course, ended)
    return ended


async def _final(course: Course, ended: Ending | None) -> Ending | None:
    """The final steps; one that cannot be done (what it needs was never made) holds up none of the others."""
    for step in course.scenario.final:
        try:
            await take(course, step, _MORE)
        except Ending as ending:
            ended = ended or ending
        except KeyError:  # a name that an earlier step would have saved, had it come to that
            continue
    return ended
