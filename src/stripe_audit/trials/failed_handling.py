"""Making the handling of a webhook event fail once: Stripe refuses what the target asks it about the payment.

A 429 is used, since Stripe's libraries do not repeat that by themselves (docs.stripe.com/rate-limits).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.observers.interface import Order
from stripe_audit.stripe_backend.interface import Attempt
from stripe_audit.trials.deliveries import is_acknowledged, settled
from stripe_audit.trials.events import event_of

__all__ = ["HandlingFailed", "fail_handling"]

_EVENT = "payment_intent.succeeded"
_QUIET_S = 0.4
"""An acknowledged event may be worked off later, and tried again: so long without a call, and it is given up."""
_LONGEST_S = 1.2
_REDELIVERIES_S = (0.05, 0.2, 0.5, 1.0)
"""Pauses before an event is delivered again: Stripe's hours, compressed."""


@dataclass(frozen=True, slots=True)
class HandlingFailed:
    """What became of an event whose handling failed.

    ``hits`` counts the calls to Stripe that failed; ``is_acknowledged`` whether the event was acknowledged all the
    same, at every endpoint; ``is_taken_later`` whether it was in the end. ``statuses`` are the first answers of all
    endpoints, ``order`` is the last that was seen. ``usual`` is the order of a payment whose events met no failure, for
    comparison; None where all is as it should be without.
    """

    hits: int
    is_acknowledged: bool
    is_taken_later: bool
    statuses: tuple[int | None, ...]
    order: Order | None
    usual: Order | None = None


async def fail_handling(ctx: Context) -> HandlingFailed:
    """Pay an order, and have Stripe refuse the target's questions while it is told; then answer them again."""
    payment = await ctx.payments.paid(is_held=True)
    event = str((await event_of(ctx, payment, _EVENT))["id"])
    mark = await ctx.stripe.mark()
    refusal = {"kind": "rate_limit"}
    about_event = await ctx.stripe.fault(refusal, path=f"/v1/events/{event}")
    async with about_event, await ctx.stripe.fault(refusal, object=payment.intent) as about_payment:
        first = await ctx.stripe.release(payment.intent, events=[event])
        is_taken = bool(first) and all(map(is_acknowledged, first))
        hits = await _hits(ctx, mark, {about_event.id, about_payment.id}, is_over=not is_taken)
    last = first if is_taken else await _deliver_again(ctx, event)
    order, is_done = await ctx.orders.eventually(
        payment, lambda order: order.is_paid and order.fulfilled != 0, within=ctx.patience if hits else 0.1
    )
    if is_done:
        order, is_done = await ctx.orders.stays(payment, lambda order: (order.fulfilled or 0) <= 1, during=0.3)
    usual = None if is_done or not hits else await _usual(ctx)
    taken_later = bool(last) and all(map(is_acknowledged, last))
    statuses = tuple(attempt.status for attempt in first)
    return HandlingFailed(hits, is_taken, taken_later, statuses, order, usual)


async def _usual(ctx: Context) -> Order | None:
    payment = await ctx.payments.paid()
    await ctx.orders.eventually(payment, lambda order: order.is_paid)
    await settled(ctx, [payment.intent])
    return (await ctx.orders.eventually(payment, lambda order: order.fulfilled != 0, within=0.3))[0]


async def _hits(ctx: Context, mark: int, faults: Collection[str], *, is_over: bool) -> int:
    """How many calls failed. An event that was acknowledged is watched until the target leaves it in peace."""

    async def read() -> int:
        return sum(call.fault in faults for call in await ctx.stripe.journal(since=mark, caller="target"))

    hits, changed = await read(), time.monotonic()
    end = changed + _LONGEST_S
    while not is_over and time.monotonic() < end and not (hits and time.monotonic() - changed > _QUIET_S):
        await asyncio.sleep(0.02)
        if (now := await read()) != hits:
            hits, changed = now, time.monotonic()
    return hits


async def _deliver_again(ctx: Context, event: str) -> list[Attempt]:
    attempts: list[Attempt] = []
    for pause in _REDELIVERIES_S:
        await asyncio.sleep(pause)
        attempts = await ctx.stripe.resend(event)
        if all(map(is_acknowledged, attempts)):
            break
    return attempts
