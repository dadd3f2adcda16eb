"""What is made of a load: the order of its events, its figures, and its flaws. Tables without I/O."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import Any

import pytest

from stripe_audit.load.figures import Loaded, Spread, kinds_of_errors, spread_of
from stripe_audit.load.judging import flaws_of
from stripe_audit.load.preparing import in_order
from stripe_audit.load.shots import Shot, ShotAnswered, is_taken, on_schedule

SOUND = Loaded(
    rate=100.0,
    due=200,
    sent=200,
    repeats=18,
    took_s=2.0,
    late_ms=1.0,
    connections=4,
    latency=Spread(5.0, 20.0, 40.0, 60.0),
    errors={},
    untaken=0,
    orders=60,
    lost={},
    doubled={},
    is_fulfilment_seen=True,
)


def shot(event: str, order: str = "o1") -> Shot:
    return Shot(0.0, event, "payment_intent.succeeded", order, 0, event.encode())


def answered(at: float, done: float, status: int | None = 200, error: str = "") -> ShotAnswered:
    return ShotAnswered(shot("evt")._replace(at=at), at, done, status, error)


@pytest.mark.parametrize(
    ("changes", "options", "flaws"),
    [
        ({}, {}, []),
        ({"lost": {"o1": {"state": "open"}}}, {}, [("lost", "critical", "1 of 60 paid orders got no effect")]),
        ({"doubled": {"o1": {"fulfilled": 2}}}, {}, [("doubled", "critical", "1 of 60 orders, each paid once")]),
        ({"errors": {"answered 500": 2}}, {}, []),
        (
            {"errors": {"answered 500": 3}},
            {},
            [("refused", "medium", "3 were not acknowledged at first: 3 × answered")],
        ),
        ({"errors": {"answered 500": 3}, "untaken": 1}, {}, [("refused", "high", "1 were refused to the end")]),
        ({"errors": {"answered 429": 90}}, {"most_errors": 0.5}, []),
        ({}, {"longest_p99_ms": 40.0}, []),
        ({}, {"longest_p99_ms": 39.9}, [("slow", "medium", "p99 40 ms")]),
        ({"sent": 0, "latency": Spread(0, 0, 0, 0)}, {}, []),
    ],
)
def test_flaws(changes: dict[str, Any], options: dict[str, float], flaws: list[tuple[str, str, str]]) -> None:
    found = flaws_of(dataclasses.replace(SOUND, **changes), **options)  # type: ignore[arg-type]
    assert [(one.id, one.severity.value) for one in found] == [(name, severity) for name, severity, _ in flaws]
    for one, (_, _, told) in zip(found, flaws, strict=True):
        assert told in one.detail


def test_a_flaw_shows_a_few_orders_and_not_thousands() -> None:
    (flaw,) = flaws_of(dataclasses.replace(SOUND, lost={f"o{number}": {} for number in range(1000)}))
    assert len(flaw.data) == 5 and "1000 of 60" in flaw.detail


def test_percentiles_count_from_when_an_event_was_due() -> None:
    spread = spread_of([answered(number / 100, number / 100 + number / 1000) for number in range(1, 101)])
    assert spread == Spread(50.0, 95.0, 99.0, 100.0)
    assert spread_of([]) == Spread(0.0, 0.0, 0.0, 0.0)


def test_errors_are_counted_by_their_kind_the_commonest_first() -> None:
    ones = [answered(0, 1), answered(0, 1, 500), answered(0, 1, None, "no answer within 1 s"), answered(0, 1, 500)]
    assert list(kinds_of_errors(ones).items()) == [("answered 500", 2), ("no answer within 1 s", 1)]
    assert [is_taken(answered(0, 1, status)) for status in (200, 204, 299, 302, 199, None)] == [True] * 3 + [False] * 3


def test_the_schedule_waits_for_nobody() -> None:
    assert [round(one.at, 3) for one in on_schedule([shot("a"), shot("b"), shot("c")], 4.0)] == [0.0, 0.25, 0.5]


@pytest.mark.parametrize(
    ("count", "repeated", "unique", "again"), [(40, 0.0, 40, 0), (44, 0.1, 40, 4), (300, 0.5, 90, 45)]
)
def test_a_share_of_the_events_comes_again_after_they_came(
    count: int, repeated: float, unique: int, again: int
) -> None:
    of_orders = [[shot(f"evt_{order}_{number}", f"o{order}") for number in range(3)] for order in range(30)]
    shots = in_order(of_orders, count, repeated, Random(1))
    firsts = [one.event for one in shots if not one.is_repeat]
    repeats = [one.event for one in shots if one.is_repeat]
    assert (len(firsts), len(set(firsts)), len(repeats), len(set(repeats))) == (unique, unique, again, again)
    for name in repeats:
        places = [(place, one.is_repeat) for place, one in enumerate(shots) if one.event == name]
        assert [is_repeat for _, is_repeat in sorted(places)] == [False, True]
    assert shots == in_order(of_orders, count, repeated, Random(1)) != in_order(of_orders, count, repeated, Random(2))
