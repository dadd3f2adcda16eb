"""How slow the machine is because others use it: what a target answers late then tells nothing of the target."""

from __future__ import annotations

import asyncio
import time

__all__ = ["busy_machine"]

_WORK_S, _TRIES = 0.03, 3
_SLOW = 4.0
"""How many times longer than on an idle core work takes where nothing can be learnt from what is late."""


async def busy_machine() -> str | None:
    """Why nothing can be learnt from late answers now: others use the machine's cores. None where they do not."""
    slow = await asyncio.to_thread(lambda: min(_slowness() for _ in range(_TRIES)))
    return f"the machine is busy with something else: work takes {slow:.0f} times its time" if slow >= _SLOW else None


def _slowness() -> float:
    began, worked = time.monotonic(), time.thread_time()
    while (own := time.thread_time() - worked) < _WORK_S:
        pass
    return (time.monotonic() - began) / own
