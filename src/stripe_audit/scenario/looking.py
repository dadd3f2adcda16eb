"""What a scenario sees by observers besides that of orders: rows of other tables, notifications, log lines.

As steps, ``rows`` and ``notifications`` save what there is now, so that later conditions can compare with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe_audit.observers.correlation import about
from stripe_audit.observers.interface import LogLine
from stripe_audit.observers.rows import ROW_VALUES
from stripe_audit.scenario.course import Course, Made
from stripe_audit.scenario.paying import learn
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.steps import NotificationsStep, RowsStep

__all__ = ["lines_with", "notifications", "notified_of", "rows", "rows_of"]


async def rows(course: Course, step: Step, body: RowsStep) -> None:
    """Save the rows of one payment as they are now."""
    if name := step.model.save:
        course.saved[name] = await rows_of(course, body.table, body.of)


async def notifications(course: Course, step: Step, body: NotificationsStep) -> None:
    """Save the notifications so far."""
    if name := step.model.save:
        given = course.fill(step, {"with": body.with_, "at": body.at})
        course.saved[name] = await notified_of(course, given["with"], body.of, given["at"])


async def rows_of(course: Course, table: str, name: str) -> dict[str, Any]:
    """The rows of what was made: how many, and the first of them. Raises Skip where no such rows are declared."""
    observer = course.ctx.rows(table)
    made = await _known(course, name)
    told = {"order": made.order, "payment_intent": made.intent or "", "email": made.email, "session": made.object}
    found = await observer.read({value: told[value] for value in ROW_VALUES})
    return {"count": found.count, "rows": [dict(row) for row in found.rows]}


async def notified_of(course: Course, texts: Sequence[Any], name: str | None, at: Any) -> dict[str, Any]:
    """The notifications that hold all the texts, and name what was made; to paths that begin with ``at``."""
    sink = course.ctx.notifications
    names = await _names(course, name) if name else None
    at = str(at) if at is not None else None
    found = [one for one in sink.messages(at=at, naming=names) if all(one.names([str(text)]) for text in texts)]
    return {
        "count": len(found),
        "paths": [one.path for one in found],
        "texts": [one.text for one in found],
        "fields": [dict(one.fields) for one in found],
    }


async def lines_with(course: Course, texts: Sequence[str], name: str | None) -> list[LogLine]:
    """The log lines since the scenario began that hold all the texts; of a name: those about what was made."""
    lines = course.ctx.logs.since(course.log_mark or 0)
    if name:
        requests = [course.made[name].answer.header(header) for header in ("x-request-id", "request-id")]
        lines = about(lines, await _names(course, name), [one for one in requests if one])
    return [line for line in lines if all(text in line.text for text in texts)]


async def _known(course: Course, name: str) -> Made:
    made = course.made[name]
    return made if made.intent or made.kind == "payment" else await learn(course, name)


async def _names(course: Course, name: str) -> list[str]:
    made = await _known(course, name)
    return [text for text in (made.order, *made.ids) if text]
