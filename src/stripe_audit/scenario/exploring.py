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
from stripe_audit.scenario.drawing import drawn, has_hypothesis
from stripe_audit.scenario.judging import Judged, conditions_of
from stripe_audit.scenario.model import Explore
from stripe_audit.scenario.reading import Step
from stripe_audit.scenario.sequences import Arrival, arrivals, beginnings, in_words, simpler, size
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
    """One exploration. ``tried`` counts sequences and ``delivered`` events; ``ends`` is when no new one is begun.

    ``names`` are the types of the journey's events in the order in which they were sent the first time; ``searched``
    counts the sequences that were looked at as part of the search, each once.
    """

    course: Course
    step: Step
    body: Explore
    ends: float
    names: tuple[str, ...] = ()
    tried: int = 0
    delivered: int = 0
    searched: int = 0
    flaky: list[str] = field(default_factory=list)

    async def one(self, arrival: Arrival | None) -> _Tried:
        """Go the journey, and tell of it in this order; None: as Stripe sent it. Raises Inconclusive."""
        self.tried += 1
        course = Course(self.course.ctx, self.course.scenario, self.course.row)
        await take_steps(course, self.step.inside)
        events = await told_of(course, self.step, self.body.of)
        names = self.names or tuple(str(event["type"]) for event in events)
        if sorted(names) != sorted(str(event["type"]) for event in events):
            raise Inconclusive(f"{self.step.place}: the journey does not lead to the same events each time")
        events = [_taken(events, name) for name in names]
        sequence = arrival or tuple((index,) for index in range(len(events)))
        self.delivered += sum(map(len, sequence))
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

    @property
    def has_room(self) -> bool:
        """Whether another sequence may be tried."""
        is_within = self.tried < self.body.sequences and self.delivered < self.body.most_deliveries
        return is_within and time.monotonic() < self.ends

    @property
    def unreached(self) -> str:
        """What the budget left out of the beginnings that were asked for, in words; nothing where all were told."""
        asked = sum(1 for _ in beginnings(len(self.names), exhaustive=self.body.exhaustive))
        if self.searched >= asked:
            return ""
        length = min(self.body.exhaustive, len(self.names))
        spent = f"{self.body.sequences} orders"
        if self.delivered >= self.body.most_deliveries:
            spent = f"{self.body.most_deliveries} deliveries"
        elif time.monotonic() >= self.ends:
            spent = f"{self.body.seconds:g} s"
        left = asked - self.searched
        return f"; {left} of {asked} other beginnings of up to {length} events were not reached within {spent}"

    async def failing(self, sequences: Sequence[Arrival]) -> _Tried | None:
        """The smallest of these that fails, and fails again."""
        for tried in sorted(await self.several(sequences), key=lambda one: size(one.arrival)):
            if tried.has_failed and await self.confirmed(tried):
                return tried
        return None


def _taken(events: list[Any], name: str) -> Any:
    """The first event of a type, taken out: two objects' events of one second may have been sent in another order."""
    return events.pop(next(place for place, event in enumerate(events) if event["type"] == name))


async def explore(course: Course, step: Step, body: Explore) -> None:
    """Search within the budget, and keep the smallest failure as a finding."""
    search = _Search(course, step, body, time.monotonic() + body.seconds)
    control = await search.one(None)
    if control.has_failed:
        wrong = "; ".join(control.judged.wrong)
        raise Inconclusive(f"{step.place}: even in the order sent, {wrong}", supply="observers.order")
    course.judged += control.judged.held
    search.names = control.names
    failed = await _searched(search, body)
    if failed:
        course.findings.append(_finding(course, step, body, await search.shrunk(failed)))
        return
    course.ctx.note(
        f"{step.title}: {search.tried} orders of {len(control.names)} events were survived{search.unreached}"
    )
    if search.flaky:
        raise Inconclusive(f"{step.place}: {search.flaky[0]}", supply="a longer audit.patience, or a quieter machine")


async def _searched(search: _Search, body: Explore) -> _Tried | None:
    """The first failure that holds, within the budget."""
    count, seen = len(search.names), set[Arrival]()
    sequences = arrivals(count, exhaustive=body.exhaustive, random=Random(body.seed))  # noqa: S311
    if body.search == "hypothesis":
        sequences = beginnings(count, exhaustive=body.exhaustive)
    while search.has_room:
        batch = [one for _, one in zip(range(min(_AT_ONCE, body.sequences - search.tried)), sequences, strict=False)]
        if not batch:
            break
        seen.update(batch)
        search.searched += len(batch)
        if failed := await search.failing(batch):
            return failed
    if body.search != "hypothesis" or not search.has_room:
        return None
    if not has_hypothesis():
        search.course.ctx.note("Hypothesis is not here: pip install 'stripe-audit[explore]'")
        return None

    async def has_failed(arrival: Arrival) -> bool:
        return (await search.one(arrival)).has_failed

    left = body.sequences - search.tried
    found = await drawn(count, has_failed, most=left, seed=body.seed, seen=seen, has_room=lambda: search.has_room)
    return await search.failing([found]) if found else None


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
