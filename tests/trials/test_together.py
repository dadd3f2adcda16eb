from __future__ import annotations

import asyncio

import pytest

from stripe_audit.trials import together


def test_results_come_in_order():
    async def value(number: int) -> int:
        await asyncio.sleep(0.002 * (3 - number))
        return number

    assert asyncio.run(together(value(number) for number in range(4))) == [0, 1, 2, 3]


def test_the_first_failure_stops_the_others_and_is_raised():
    ended = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("stopped")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("the first")

    async def main() -> None:
        with pytest.raises(LookupError, match="the first"):
            await together([waits(), fails(), waits()])
        assert ended == ["stopped", "stopped"]
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
