"""Experiments side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["together"]

T = TypeVar("T")


async def together(experiments: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run experiments at the same time; their results in order.

    As soon as one ends with an exception, the others are stopped and waited for, and it is raised: ``asyncio.gather``
    would leave them running into the end of the check.
    """
    tasks = [asyncio.ensure_future(experiment) for experiment in experiments]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
