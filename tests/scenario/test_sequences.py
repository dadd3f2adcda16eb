"""Orders of arrival: complete as far as they claim, distinct, and made simpler until they cannot be."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from stripe_audit.scenario.sequences import Arrival, arrivals, in_words, simpler, size


def first(count: int, number: int, exhaustive: int = 3, seed: int = 0) -> list[Arrival]:
    return list(itertools.islice(arrivals(count, exhaustive=exhaustive, random=Random(seed)), number))


@pytest.mark.parametrize(("count", "exhaustive"), [(1, 3), (2, 2), (3, 3), (4, 2)])
def test_every_beginning_is_there_and_each_holds_every_event(count: int, exhaustive: int) -> None:
    found = first(count, 300, exhaustive)
    assert len(set(found)) == len(found)
    assert all({index for group in one for index in group} == set(range(count)) for one in found)
    as_sent = tuple((index,) for index in range(count))
    assert as_sent not in found
    beginnings = {tuple(index for group in one for index in group)[:exhaustive] for one in [*found, as_sent]}
    if count >= exhaustive:
        assert set(itertools.product(range(count), repeat=exhaustive)) <= beginnings


def test_by_chance_there_are_repetitions_and_company() -> None:
    found = first(4, 200, 0)
    assert any(len(group) > 1 for one in found for group in one)
    assert any(sum(map(len, one)) > 4 for one in found)
    assert first(4, 50, 0, seed=1) == first(4, 50, 0, seed=1) != first(4, 50, 0, seed=2)


def test_simpler_ones_are_simpler_and_whole() -> None:
    for one in first(4, 300):
        for other in simpler(one):
            assert size(other) < size(one)
            assert {index for group in other for index in group} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("fails", "smallest"),
    [
        (lambda flat: flat.index(0) > flat.index(2), 4),  # the first after the third
        (lambda flat: flat.count(1) > 1 and flat.index(2) < len(flat) - 1 - flat[::-1].index(1), 5),  # again, later
    ],
)
def test_shrinking_ends_at_a_smallest_one(fails, smallest) -> None:
    def has_failed(one: Arrival) -> bool:
        return bool(fails([index for group in one for index in group]))

    for start in [one for one in first(4, 400) if has_failed(one)][::20]:
        one = start
        while failing := [other for other in simpler(one) if has_failed(other)]:
            one = failing[0]
        assert sum(map(len, one)) == smallest
        assert all(len(group) == 1 for group in one)
        assert size(one)[2] <= 2


def test_in_words() -> None:
    names = ["created", "failed", "failed"]
    assert in_words(((1,), (0, 2), (1,)), names) == (
        "failed (1), then created and at the same moment failed (2), then failed (1) again"
    )
