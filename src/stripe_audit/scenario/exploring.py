"""The step that looks for an order of webhook events that a target does not survive.

A journey is gone again and again with objects of its own, its events kept back; then they are told in another order
each time, some of them twice or at the same moment. What the order then is, is compared with what the conditions say.
A failure is tried again until it has failed three times, and made as simple as it can be.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from stripe_audit.errors import Inconclusive
from stripe_audit.scenario.acting import take_steps
from stripe_audit.scenario.conditions import Eventually
from stripe_audit.scenario.course import Course
from stripe_audit.scenario.delivering import arrive, told_of
from stripe_audit.scenario.judging import Judged, conditions_of
from stripe_audit.scenario.model import Explore
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.sequences import Arrival, arrivals, in_words, simpler, size
from stripe_audit.trials.together import together

__all__ = ["explore"]

_AT_ONCE = 6
_TIMES = 3
"""How often a sequence must fail before it is believed."""
_MOST_SHRINKS = 40
_SETTLE_S = 0.05


@dataclass(frozen=True, slots=True)
class _Tried:
    """One sequence, and what the order then was."""

    arrival: Arrival
    names: tuple[str, ...]
    judged: Judged
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        return bool(self.judged.wrong)


@dataclass(slots=True)
class _Search:
    """One exploration. ``tried`` counts sequences, ``ends`` is when no new one is begun."""

    course: Course
    step: Step
    body: Explore
    ends: float
    tried: int = 0
    flaky: list[str] = field(default_factory=list)

    async def one(self, arrival: Arrival | None) -> _Tried:
        """Go the journey, and tell of it in this order; None: as Stripe sent it. Raises Inconclusive."""
        self.tried += 1
        course = Course(self.course.ctx, self.course.scenario, self.course.row)
        await take_steps(course, self.step.inside)
        events = await told_of(course, self.step, self.body.of)
        names = tuple(str(event["type"]) for event in events)
        sequence = arrival or tuple((index,) for index in range(len(events)))
        if {index for group in sequence for index in group} != set(range(len(events))):
            raise Inconclusive(f"{self.step.place}: the journey does not lead to the same events each time")
        await arrive(course, self.body.of, [[events[index] for index in group] for group in sequence])
        wanted = Eventually(order=self.body.of, that=self.body.that, within=None)
        seen, judged = await conditions_of(course, self.step, wanted)
        if not judged.wrong:
            await asyncio.sleep(_SETTLE_S)  # a late effect of the last event is a failure too
            seen, judged = await conditions_of(course, self.step, wanted)
        return _Tried(sequence, names, judged, dict(seen.evidence))

    async def several(self, sequences: Sequence[Arrival]) -> list[_Tried]:
        """Some at once; they share nothing."""
        return await together(self.one(arrival) for arrival in sequences)

    async def confirmed(self, tried: _Tried) -> bool:
        """Whether it fails every time. One that fails now and then is noted with its rate."""
        again = await self.several([tried.arrival] * (_TIMES - 1))
        failures = 1 + sum(one.has_failed for one in again)
        if failures < _TIMES:
            self.flaky.append(f"{in_words(tried.arrival, tried.names)}: failed {failures} of {_TIMES} times")
        return failures == _TIMES

    async def shrunk(self, tried: _Tried) -> _Tried:
        """The simplest sequence that still fails, as far as the budget goes."""
        left = _MOST_SHRINKS
        while left > 0 and time.monotonic() < self.ends + self.course.ctx.patience * 4:
            candidates = simpler(tried.arrival)[: min(left, _AT_ONCE)]
            left -= len(candidates)
            failing = [one for one in await self.several(candidates) if one.has_failed]
            if not failing:
                return tried
            tried = min(failing, key=lambda one: size(one.arrival))
        return tried


async def explore(course: Course, step: Step, body: Explore) -> None:
    """Search within the budget, and keep the smallest failure as a finding."""
    search = _Search(course, step, body, time.monotonic() + body.seconds)
    control = await search.one(None)
    if control.has_failed:
        wrong = "; ".join(control.judged.wrong)
        raise Inconclusive(f"{step.place}: even in the order sent, {wrong}", supply="observers.order")
    course.judged += control.judged.held
    sequences = arrivals(len(control.names), exhaustive=body.exhaustive, random=Random(body.seed))  # noqa: S311
    while search.tried < body.sequences and time.monotonic() < search.ends:
        batch = [one for _, one in zip(range(min(_AT_ONCE, body.sequences - search.tried)), sequences, strict=False)]
        if not batch:
            break
        for tried in sorted(await search.several(batch), key=lambda one: size(one.arrival)):
            if tried.has_failed and await search.confirmed(tried):
                course.findings.append(_finding(course, step, body, await search.shrunk(tried)))
                return
    course.ctx.note(f"{step.title}: {search.tried} orders of {len(control.names)} events were survived")
    if search.flaky:
        raise Inconclusive(f"{step.place}: {search.flaky[0]}", supply="a longer audit.patience, or a quieter machine")


def _finding(course: Course, step: Step, body: Explore, tried: _Tried) -> Any:
    sentence = in_words(tried.arrival, tried.names)
    detail = f"Told in this order: {sentence}. Then {'; '.join(tried.judged.wrong)}. It failed each of {_TIMES} times."
    data = {**tried.evidence, "deliveries": _diagram(tried), "replay": _replay(course, step, body, tried)}
    evidence = course.ctx.evidence(f"{sentence}: {step.source}", data=data, source=step.source)
    title = body.otherwise or "An order of webhook events leaves another state than Stripe has"
    name = step.model.name or f"explore {step.number}"
    discriminator = "-".join(name.lower().split())
    route = course.ctx.spec.webhooks[0].label if course.ctx.spec.webhooks else None
    return course.ctx.finding(title, detail, evidence, severity=body.severity, route=route, discriminator=discriminator)


def _diagram(tried: _Tried) -> list[str]:
    """One line for each moment, from Stripe to the target."""
    return [
        f"{number}. Stripe ──▶ target: " + " ‖ ".join(tried.names[index] for index in group)
        for number, group in enumerate(tried.arrival, 1)
    ]


def _replay(course: Course, step: Step, body: Explore, tried: _Tried) -> str:
    """A scenario (JSON is YAML) that does the same again: ``stripe-audit scenarios run FILE``."""
    steps = [_plain(inner.model.model_dump(by_alias=True, exclude_unset=True)) for inner in step.inside]
    for group in tried.arrival:
        positions = [index + 1 for index in group]
        steps.append({"deliver": {"of": body.of, "positions": positions, "again": True, "at_once": len(group) > 1}})
    steps.append({"eventually": {"order": body.of, "that": _plain(body.that)}})
    model = course.scenario.model
    return json.dumps(
        {
            "version": 1,
            "id": f"{model.id}-replayed",
            "task": model.task,
            "severity": model.severity.value,
            "title": f"Again: {model.title}",
            "what": in_words(tried.arrival, tried.names),
            "why": model.why,
            "fix": model.fix,
            **({"matrix": [_plain(dict(course.row))]} if course.row else {}),
            "steps": steps,
        },
        indent=1,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value
