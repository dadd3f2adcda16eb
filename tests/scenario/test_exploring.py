"""The search over orders of events: its budget, its flaky failures, Hypothesis, and the demo shop's own defects."""

from __future__ import annotations

import asyncio
import itertools
import textwrap
import time
from pathlib import Path
from random import Random

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.scenario.drawing import drawn
from stripe_audit.scenario.sequences import Arrival, arrivals, beginnings, size
from stripe_audit.testing import DemoStage, demo_stage, run_checks
from tests.scenario.test_reading import HEAD

NUMBERS = itertools.count(100)
JOURNEY = """\
timeout: 120
steps:
  - name: all orders
    explore:
      sequences: {sequences}
      seconds: {seconds}
      most_deliveries: {deliveries}
      exhaustive: {exhaustive}
      search: {search}
      steps:
        - create_payment: {{hold: true, quantity: 2}}
        - pay: {{with: declined}}
        - pay: {{becomes: succeeded}}
        - refund: {{parts: 2}}
      that: {{state: partially_refunded, fulfilled: 1}}
"""
USUAL = {"sequences": 50, "seconds": 60, "deliveries": 5000, "exhaustive": 3, "search": "chance"}
UNREACHED = "of 63 other beginnings of up to 3 events were not reached within"


def explored(stage: DemoStage, folder: Path, **options: object) -> CheckResult:
    name = f"orders-{next(NUMBERS)}"  # the target's own orders are named after it
    path = folder / f"{name}.yaml"
    text = JOURNEY.format_map({**USUAL, **options})
    path.write_text(HEAD.replace("my-scenario", name) + textwrap.dedent(text), "utf-8")
    return run_checks([name], stage, catalog=load_catalog(scenarios=[path], has_builtin=False))[name]


@pytest.mark.parametrize("variant", ["", "queued"])
def test_a_sound_shop_survives_fifty_orders(variant: str, tmp_path: Path) -> None:
    with demo_stage(variant=variant, patience=5.0) as stage:
        result = explored(stage, tmp_path)
        assert (result.outcome, result.findings, result.error) == (Outcome.PASSED, (), None), result.reason
        assert result.notes == (f"all orders: 50 orders of 4 events were survived; 14 {UNREACHED} 50 orders",)
        result = explored(stage, tmp_path, deliveries=20)  # six at once after the first
        assert result.notes == (f"all orders: 7 orders of 4 events were survived; 57 {UNREACHED} 20 deliveries",)
        result = explored(stage, tmp_path, seconds=0.001)
        assert result.notes == (f"all orders: 1 orders of 4 events were survived; 63 {UNREACHED} 0.001 s",)
        result = explored(stage, tmp_path, sequences=7, exhaustive=1)  # the order sent, and all six beginnings
        assert result.notes == ("all orders: 7 orders of 4 events were survived",)


def test_hypothesis_finds_an_order_and_makes_it_simple(tmp_path: Path) -> None:
    with demo_stage(defects=["late-failure-wins"], patience=0.3) as stage:
        began = time.monotonic()
        result = explored(stage, tmp_path, search="hypothesis", exhaustive=0, sequences=120)
    assert result.outcome is Outcome.FAILED and time.monotonic() - began < 60
    assert "then payment_intent.payment_failed. Then state is 'failed'" in result.findings[0].detail
    assert not (tmp_path / ".hypothesis").exists()


def flat(one: Arrival) -> list[int]:
    return [index for group in one for index in group]


def draw(fails: object, *, most: int = 300, seen: set[Arrival] | None = None, room: int = 10_000) -> tuple[object, int]:
    asked: list[Arrival] = []

    async def has_failed(one: Arrival) -> bool:
        asked.append(one)
        return bool(fails(one))  # type: ignore[operator]

    async def run() -> object:
        has_room = lambda: len(asked) < room  # noqa: E731
        return await drawn(4, has_failed, most=most, seed=1, seen=seen or set(), has_room=has_room)

    found = asyncio.run(run())
    assert not set(asked) & (seen or set())
    return found, len(asked)


def test_what_hypothesis_draws_holds_every_event_and_shrinks() -> None:
    found, asked = draw(lambda one: flat(one).count(2) > 1 and flat(one).index(3) < flat(one).index(0))
    assert isinstance(found, tuple) and set(flat(found)) == {0, 1, 2, 3}
    assert (len(flat(found)), all(len(group) == 1 for group in found)) == (5, True) and asked < 900


def test_hypothesis_finds_nothing_where_there_is_nothing_and_heeds_the_budget() -> None:
    assert draw(lambda one: False)[0] is None
    assert draw(lambda one: False, room=10) == (None, 10)
    found, asked = draw(lambda one: flat(one)[-1] == 0, room=12)
    assert found is None or flat(found)[-1] == 0  # type: ignore[arg-type]
    assert asked <= 12


def test_beginnings_are_those_of_every_search() -> None:
    first = list(beginnings(3, exhaustive=2))
    everything = arrivals(3, exhaustive=2, random=Random(0))
    assert [next(everything) for _ in first] == first
    assert first[:2] == [((1,), (2,), (0,)), ((0,), (2,), (1,))]
    assert all(size(one)[1] == 0 for one in first)
