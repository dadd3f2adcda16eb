"""Asking for payments as fast as somebody does who tests stolen cards, until the target says that it is enough."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import TargetError
from stripe_audit.models import Effect
from stripe_audit.observers.interface import eventually
from stripe_audit.trials.submissions import takes

__all__ = ["Burst", "announced_limit", "burst_of_orders", "burst_of_refusals", "wait_for_a_turn"]

_AT_ONCE = 10
_REFUSED = {"item": "stripe-audit-no-such-article", "quantity": -1, "amount": -1, "currency": "zzz"}
_LIMITING = frozenset((401, 403, 429, 503))
"""What limits and challenges answer; 429 is theirs alone (RFC 6585)."""
_LIMITS = ("ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit")
_PATIENCE_S, _ROOM = 6.0, 5


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests of one kind: how many, in how many seconds, the first answer, and the one that said enough."""

    sent: int
    seconds: float
    first: Answer | None
    limited: Answer | None


async def _burst(ctx: Context, most: int, values_of: Callable[[], Mapping[str, Any]]) -> Burst:
    began, sent = time.monotonic(), 0
    first: Answer | None = None
    while sent < most:
        answers = await asyncio.gather(*(_ask(ctx, values_of()) for _ in range(min(_AT_ONCE, most - sent))))
        sent += len(answers)
        there = [answer for answer in answers if answer]
        first = first or next(iter(there), None)
        for answer in there:
            if answer.status in _LIMITING and first and (answer.status == 429 or answer.status != first.status):
                return Burst(sent, time.monotonic() - began, first, answer)
    return Burst(sent, time.monotonic() - began, first, None)


async def _ask(ctx: Context, values: Mapping[str, Any]) -> Answer | None:
    try:
        return await ctx.target.call("create_payment", values, effect=Effect.LOAD)
    except TargetError:
        return None


async def burst_of_refusals(ctx: Context, most: int) -> Burst | None:
    """Requests that a sound target refuses; nothing is made. None where no such request is declared."""
    wrong = {word: value for word, value in _REFUSED.items() if takes(ctx, "create_payment", word)}
    return await _burst(ctx, most, lambda: {**ctx.payments.fresh(), **wrong}) if wrong else None


async def burst_of_orders(ctx: Context, most: int) -> Burst:
    """Requests for payments, each for an order of its own."""
    return await _burst(ctx, most, ctx.payments.fresh)


async def wait_for_a_turn(ctx: Context, limited: Answer) -> bool:
    """Wait until requests of both kinds are taken again, for some seconds; whether they are. ``limited`` said enough.

    Some refusals one after the other, so that a limit that fills drop by drop has room again for whoever comes next.
    """

    async def is_refused_as_usual() -> bool:
        refusals = await burst_of_refusals(ctx, 1)
        return refusals is None or (refusals.first is not None and refusals.first.status != limited.status)

    async def is_taken() -> bool:
        answer = await _ask(ctx, ctx.payments.fresh())
        return answer is not None and answer.is_success

    deadline, began = time.monotonic() + _PATIENCE_S, 0.0
    for turn in (*[is_refused_as_usual] * _ROOM, is_taken):
        if not (await eventually(turn, bool, within=max(0.0, deadline - time.monotonic())))[1]:
            return False
        began = began or time.monotonic()
    await asyncio.sleep(time.monotonic() - began)  # asking has used up what room there was; it comes back as it came
    return True


def announced_limit(answer: Answer | None) -> str | None:
    """The limit that an answer's headers announce (draft-ietf-httpapi-ratelimit-headers, and its forerunners)."""
    if answer is None:
        return None
    found = (answer.header(name) for name in (*_LIMITS, "ratelimit-policy", "ratelimit"))
    return next((value for value in found if value), None)
