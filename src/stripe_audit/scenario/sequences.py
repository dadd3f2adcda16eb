"""Orders in which webhook events can arrive: all of them up to a length, then ones by chance, and their shrinking.

Stripe delivers every event at least once, in any order, perhaps more than once and at the same moment as another
(docs.stripe.com/webhooks, "Event ordering", "Handle duplicate events"). A sequence is a tuple of groups; a group holds
the positions of events that arrive together, 0 being the first that Stripe sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from random import Random

__all__ = ["Arrival", "arrivals", "beginnings", "in_words", "simpler", "size"]

Arrival = tuple[tuple[int, ...], ...]
_REPEATED, _TOGETHER = 0.35, 0.3
"""How often a random sequence repeats an event, and joins two arrivals."""


def arrivals(count: int, *, exhaustive: int, random: Random) -> Iterator[Arrival]:
    """Sequences without end, none twice: ``beginnings``, the short ones first, and after them orders by chance.

    Those have repetitions and concurrent copies. The order in which Stripe sent the events is not among them.
    """
    seen: set[Arrival] = {tuple((index,) for index in range(count))}
    for one in beginnings(count, exhaustive=exhaustive):
        seen.add(one)
        yield one
    misses = 0
    while misses < 1000:  # with one event there are few
        one = _by_chance(count, random)
        if one in seen:
            misses += 1
            continue
        seen.add(one)
        yield one


def beginnings(count: int, *, exhaustive: int) -> Iterator[Arrival]:
    """Each event told last, then every beginning up to ``exhaustive`` events, the others following as sent."""
    seen: set[Arrival] = {tuple((index,) for index in range(count))}
    for last in range(count):
        late: Arrival = (*((index,) for index in range(count) if index != last), (last,))
        if late not in seen:
            seen.add(late)
            yield late
    for length in range(1, min(exhaustive, count) + 1):
        for beginning in itertools.product(range(count), repeat=length):
            rest = [index for index in range(count) if index not in beginning]
            one: Arrival = tuple((index,) for index in (*beginning, *rest))
            if one not in seen:
                seen.add(one)
                yield one


def _by_chance(count: int, random: Random) -> Arrival:
    order = list(range(count))
    random.shuffle(order)
    for index in range(count):
        if random.random() < _REPEATED:
            order.insert(random.randrange(len(order) + 1), index)
    groups: list[tuple[int, ...]] = []
    for index in order:
        if groups and random.random() < _TOGETHER:
            groups[-1] = (*groups[-1], index)
        else:
            groups.append((index,))
    return tuple(groups)


def size(one: Arrival) -> tuple[int, int, int]:
    """How complicated a sequence is: its deliveries, those that share a moment, and pairs out of the order sent."""
    flat = [index for group in one for index in group]
    out_of_order = sum(a > b for a, b in itertools.combinations(flat, 2))
    return len(flat), sum(len(group) - 1 for group in one), out_of_order


def simpler(one: Arrival) -> list[Arrival]:
    """The sequences that are one step simpler, the simplest first; each still holds every event."""
    found: set[Arrival] = set()
    flat = [index for group in one for index in group]
    for number, group in enumerate(one):
        for place, index in enumerate(group):
            if flat.count(index) > 1:
                found.add(_with(one, number, (*group[:place], *group[place + 1 :])))
        if len(group) > 1:
            found.add((*one[:number], group[:1], group[1:], *one[number + 1 :]))
    for number in range(len(one) - 1):
        left, right = one[number], one[number + 1]
        if min(left) > min(right):
            found.add((*one[:number], right, left, *one[number + 2 :]))
    return sorted((other for other in found if size(other) < size(one)), key=size)


def _with(one: Arrival, number: int, group: tuple[int, ...]) -> Arrival:
    return (*one[:number], *((group,) if group else ()), *one[number + 1 :])


def in_words(one: Arrival, names: Sequence[str]) -> str:
    """The sequence as a sentence; names that several events bear are numbered."""
    labels = [
        f"{name} ({names[: index + 1].count(name)})" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]
    told: list[str] = []
    before: set[int] = set()
    for group in one:
        parts = [f"{labels[index]} again" if index in before else labels[index] for index in group]
        before.update(group)
        told.append(" and at the same moment ".join(parts))
    return ", then ".join(told)
