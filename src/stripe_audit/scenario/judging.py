"""Steps that judge: conditions on what the target and Stripe show, now, soon, or for as long as one looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from stripe_audit.errors import Inconclusive
from stripe_audit.models import Finding
from stripe_audit.observers.interface import OrderState, eventually
from stripe_audit.redaction import cut
from stripe_audit.scenario.conditions import Conditions, Eventually, Expect, Stays
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.subjects import Seen, read_subject
from stripe_audit.scenario.templates import TemplateError, evaluated
from stripe_audit.trials.journeys import expected_states
from stripe_audit.trials.unrecorded import unrecorded

__all__ = ["OPERATORS", "Judged", "conditions_of", "judge", "matches"]

_SHOWN_CAP = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of conditions: those that do not hold, in words, and those that cannot be seen."""

    wrong: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    held: int = 0


@dataclass(slots=True)
class _Wanted:
    """The conditions with their templates filled in."""

    that: Mapping[str, Any]
    declared: Collection[OrderState] = field(default=())

    def judged(self, seen: Seen) -> Judged:
        wrong, unseen, held = [], [], 0
        for expression, wanted in self.that.items():
            value = evaluated(expression, seen.data)
            if seen.is_hidden(expression):
                unseen.append(f"{seen.label}: {expression}")
            elif matches(value, self._widened(seen, expression, wanted)):
                held += 1
            else:
                wrong.append(_sentence(expression, value, wanted))
        return Judged(tuple(wrong), tuple(unseen), held)

    def _widened(self, seen: Seen, expression: str, wanted: Any) -> Any:
        """A state that the app has no word for cannot be asked of it; what may stand in its place will do."""
        if seen.kind != "order" or expression != "state" or isinstance(wanted, Mapping):
            return wanted
        states = wanted if isinstance(wanted, list) else [wanted]
        return [state for one in states for state in expected_states(OrderState(one), self.declared)]


async def conditions_of(course: Course, step: Step, body: Conditions) -> tuple[Seen, Judged]:
    """Look, and say what does not hold. Raises Inconclusive where nothing can be seen."""
    wanted = _Wanted(course.fill(step, body.that))
    if body.order is not None:
        orders = course.ctx.orders
        wanted.declared = [state for state in OrderState if orders.declares(state)]
        _check_states(step, wanted.that.get("state"))
    try:
        return await _looked(course, step, body, wanted)
    except TemplateError as error:
        raise Inconclusive(f"{step.place}: {error}", supply="the scenario's text") from None


async def judge(course: Course, step: Step, body: Expect | Eventually | Stays) -> None:
    """Look, and keep a finding where the conditions do not hold. Raises Inconclusive where nothing can be seen."""
    seen, judged = await conditions_of(course, step, body)
    if judged.wrong and body.control:
        told = f"{step.place}: {body.otherwise or seen.label}: {'; '.join(judged.wrong)}"
        raise Inconclusive(told, supply=seen.supply)
    course.unseen += [one for one in judged.unseen if one not in course.unseen]
    course.judged += 0 if body.control else judged.held + len(judged.wrong)
    if judged.wrong:
        if seen.data is None and body.order and course.made[body.order].kind == "payment":
            told = f"{step.place}: {seen.label} is not found"
            course.findings.append(await unrecorded(course.ctx, "The journey ends there.", otherwise=told))
            return
        if seen.data is None:
            raise Inconclusive(f"{step.place}: {seen.label} is not found", supply=seen.supply)
        course.findings.append(_finding(course, step, body, seen, judged))


def _check_states(step: Step, given: Any) -> None:
    names = [] if isinstance(given, Mapping) or given is None else given if isinstance(given, list) else [given]
    for name in names:
        if name not in list(OrderState):
            known = ", ".join(OrderState)
            raise Inconclusive(f"{step.place}: no order is {name!r}; known are {known}", supply="the scenario's text")


async def _looked(course: Course, step: Step, body: Conditions, wanted: _Wanted) -> tuple[Seen, Judged]:
    async def look() -> tuple[Seen, Judged]:
        seen = await read_subject(course, step, body)
        if seen.data is None:
            return seen, Judged((f"{seen.label} is not found",))
        return seen, wanted.judged(seen)

    if isinstance(body, Eventually):
        within = course.ctx.patience if body.within is None else body.within
        return (await eventually(look, lambda found: not found[1].wrong, within=within))[0]
    if isinstance(body, Stays):
        return (await eventually(look, lambda found: bool(found[1].wrong), within=body.during))[0]
    return await look()


def _finding(course: Course, step: Step, body: Conditions, seen: Seen, judged: Judged) -> Finding:
    ctx = course.ctx
    when = ""
    if isinstance(body, Eventually):
        when = f" within {ctx.patience if body.within is None else body.within:g} s"
    elif isinstance(body, Stays):
        when = " all the time"
    row = f" ({course.label})" if course.label else ""
    title = body.otherwise or f"{seen.label}: {judged.wrong[0]}"
    detail = f"Expected of {seen.label}{when}{row}: " + "; ".join(judged.wrong) + f". In {step.place}."
    evidence = ctx.evidence(f"{seen.label} in {step.place}", seen.answer, data=seen.evidence, source=step.source)
    return ctx.finding(
        title,
        detail,
        evidence,
        severity=body.severity,
        route=seen.route,
        discriminator=_slug(step.model.name or f"{step.model.action} {step.number}")
        + (f" {_slug(row)}" if row else ""),
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


# Values


def matches(value: Any, wanted: Any) -> bool:
    """Whether a value is what is wanted: equal, one of a list, or as an operator says."""
    if isinstance(wanted, Mapping) and wanted and set(wanted) <= set(OPERATORS):
        return all(OPERATORS[name](value, other) for name, other in wanted.items())
    if isinstance(wanted, list) and not isinstance(value, list):
        return any(_equal(value, one) for one in wanted)
    return _equal(value, wanted)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_equal, value, wanted))
    return bool(value == wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda value, wanted: any(_equal(value, one) for one in wanted),
    "not": lambda value, wanted: not matches(value, wanted),
    "at_least": lambda value, wanted: _is_number(value) and value >= wanted,
    "at_most": lambda value, wanted: _is_number(value) and value <= wanted,
    "contains": lambda value, wanted: isinstance(value, (str, list)) and wanted in value,
    "starts": lambda value, wanted: isinstance(value, str) and value.startswith(str(wanted)),
    "exists": lambda value, wanted: (value is not None) is wanted,
}
"""What a condition can say beside equality: ``fulfilled: {at_most: 1}``."""


def _words(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else "nothing" if value is None else str(value)
    return cut(text, _SHOWN_CAP)


def _sentence(expression: str, value: Any, wanted: Any) -> str:
    if isinstance(wanted, Mapping) and set(wanted) == {"not"}:
        return f"{expression} is {_words(value)}, which it must not be"
    return f"{expression} is {_words(value)}, not {_wanted_words(wanted)}"


def _wanted_words(wanted: Any) -> str:
    if isinstance(wanted, Mapping) and wanted and set(wanted) <= set(OPERATORS):
        return " and ".join(f"{name.replace('_', ' ')} {_words(value)}" for name, value in wanted.items())
    return " or ".join(map(_words, wanted)) if isinstance(wanted, list) else _words(wanted)
