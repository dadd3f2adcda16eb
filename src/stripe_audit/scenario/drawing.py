"""Orders of arrival drawn and shrunk by Hypothesis (extra ``explore``), in the place of those by chance.

Measured on eight kinds of failure in a model: it needed fewer sequences than chance in two, as many in two and more in
four, and it tries one at a time where chance tries six. (``python benchmarks/orders.py --search hypothesis`` runs it.)
So it is there for who wants it, and chance is the default. Nothing of it is imported or stored before it is asked for.
"""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
from collections.abc import Awaitable, Callable, Set
from random import Random
from typing import Any

from stripe_audit.scenario.sequences import Arrival

__all__ = ["drawn", "has_hypothesis"]


class _Enough(Exception):
    """The budget is spent."""


def has_hypothesis() -> bool:
    """Whether it is installed."""
    return importlib.util.find_spec("hypothesis") is not None


async def drawn(
    count: int,
    has_failed: Callable[[Arrival], Awaitable[bool]],
    *,
    most: int,
    seed: int,
    seen: Set[Arrival],
    has_room: Callable[[], bool],
) -> Arrival | None:
    """A sequence of ``count`` events that fails, as simple as Hypothesis can make it; None where none was found.

    ``seen`` have been tried. Hypothesis asks from a thread, and each question is answered in the caller's loop.
    """
    loop, is_over = asyncio.get_running_loop(), False

    def fails(one: Arrival) -> bool:
        if is_over or not has_room():
            raise _Enough
        if one in seen:
            return False
        return asyncio.run_coroutine_threadsafe(_answer(has_failed, one), loop).result()

    try:
        return await asyncio.to_thread(_find, count, fails, most, seed)
    finally:
        is_over = True


async def _answer(has_failed: Callable[[Arrival], Awaitable[bool]], one: Arrival) -> bool:
    return await has_failed(one)


def _find(count: int, fails: Callable[[Arrival], bool], most: int, seed: int) -> Arrival | None:
    import hypothesis
    from hypothesis import configuration, strategies

    failing: list[Arrival] = []

    def condition(one: Arrival) -> bool:
        if fails(one):
            failing.append(one)
            return True
        return False

    settings = hypothesis.settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with tempfile.TemporaryDirectory(prefix="stripe-audit-hypothesis-") as scratch:
        configuration.set_hypothesis_home_dir(scratch)
        try:
            chance = Random(seed)  # noqa: S311
            found: Arrival = hypothesis.find(_sequences(strategies, count), condition, settings=settings, random=chance)
            return found
        except hypothesis.errors.NoSuchExample:
            return None
        except _Enough:
            return failing[-1] if failing else None
        finally:
            configuration.set_hypothesis_home_dir(None)


def _sequences(st: Any, count: int) -> Any:
    """Every event once, some again, some at the same moment as the one before."""
    positions = st.tuples(st.integers(0, count - 1), st.integers(0, count))
    parts = st.tuples(
        st.permutations(range(count)), st.lists(positions, max_size=count), st.lists(st.booleans(), max_size=2 * count)
    )
    return parts.map(lambda drawn_parts: _arranged(*drawn_parts))


def _arranged(order: list[int], again: list[tuple[int, int]], joined: list[bool]) -> Arrival:
    flat = list(order)
    for index, place in again:
        flat.insert(min(place, len(flat)), index)
    groups: list[tuple[int, ...]] = []
    for number, index in enumerate(flat):
        if groups and number < len(joined) and joined[number]:
            groups[-1] = (*groups[-1], index)
        else:
            groups.append((index,))
    return tuple(groups)
