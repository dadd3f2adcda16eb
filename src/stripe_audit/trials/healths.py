"""What the health routes say while something that payments need is gone, and once it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, Skip, TargetError
from stripe_audit.observers.interface import eventually

__all__ = ["HEALTH_ROLES", "HealthSeen", "said_in", "watch_health"]

HEALTH_ROLES = ("health", "webhook_health")
_DEEPEST = 5
_BETWEEN_S = 0.02
Said = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HealthSeen:
    """What the health routes said while a ``part`` was gone: ``stripe`` or ``database``.

    ``is_told`` whether any said something else than usual, ``is_well_again`` whether they went back to that.
    """

    part: str
    usual: Said
    ill: Said
    is_told: bool
    is_well_again: bool


async def watch_health(ctx: Context) -> list[HealthSeen]:
    """Take Stripe away, then the database where that can be done. Everybody meets that: use the target alone.

    Raises Inconclusive where the health routes say nothing that stays the same while all is well.
    """
    await ctx.payments.new()
    first = await _read(ctx)
    await asyncio.sleep(_BETWEEN_S)
    second = await _read(ctx)
    usual = {name: value for name, value in first.items() if second.get(name) == value}
    if not usual:
        raise Inconclusive("the health routes never say the same twice", supply="target.routes.health")
    seen = [await _watch(ctx, "stripe", _without_stripe(ctx), usual, set(first) | set(second))]
    try:
        seen.append(await _watch(ctx, "database", ctx.database.away(), usual, set(first) | set(second)))
    except Skip:
        pass
    return seen


async def _watch(
    ctx: Context, part: str, trouble: AbstractAsyncContextManager[None], usual: Said, known: set[str]
) -> HealthSeen:
    async def read() -> Said:
        return await _read(ctx)

    def is_told(said: Said) -> bool:
        return any(said.get(name) != value for name, value in usual.items()) or not set(said) <= known

    async with trouble:
        ill, told = await eventually(read, is_told, within=ctx.patience)
    if not told:
        return HealthSeen(part, usual, ill, is_told=False, is_well_again=True)
    await _use(ctx)
    _, is_well = await eventually(read, lambda said: not is_told(said), within=ctx.patience)
    return HealthSeen(part, usual, ill, is_told=True, is_well_again=is_well)


@asynccontextmanager
async def _without_stripe(ctx: Context) -> AsyncIterator[None]:
    """No call of the target's gets through, and it has made one: many know Stripe's state from their calls alone."""
    async with await ctx.stripe.fault({"kind": "reset_before"}):
        await _use(ctx)
        yield


async def _use(ctx: Context) -> None:
    """Ask for a payment, whatever comes of it."""
    try:
        await ctx.target.call("create_payment", ctx.payments.fresh(), timeout=ctx.answer_within)
    except TargetError:
        pass


async def _read(ctx: Context) -> Said:
    said: dict[str, str] = {}
    for role in filter(ctx.target.has, HEALTH_ROLES):
        try:
            answer = await ctx.target.call(role, timeout=ctx.answer_within)
        except TargetError:
            said[role] = "no answer"
            continue
        said |= {f"{role} {name}": value for name, value in said_in(answer).items()}
    return said


def said_in(answer: Answer) -> dict[str, str]:
    """The status, and the words and truths of a JSON answer by their place (no numbers: they count); or its text."""
    try:
        value = answer.json()
    except ValueError:
        return {"status": str(answer.status), "body": answer.text[:2000]}
    return {"status": str(answer.status), **_words(value, "", 0)}


def _words(value: Any, place: str, depth: int) -> dict[str, str]:
    if isinstance(value, Mapping) and depth < _DEEPEST:
        inner = [_words(member, f"{place}.{name}", depth + 1) for name, member in value.items()]
    elif isinstance(value, list) and depth < _DEEPEST:
        inner = [_words(member, f"{place}[{index}]", depth + 1) for index, member in enumerate(value[:50])]
    else:
        return {place: str(value)[:200]} if isinstance(value, (str, bool)) or value is None else {}
    return {name: word for found in inner for name, word in found.items()}
