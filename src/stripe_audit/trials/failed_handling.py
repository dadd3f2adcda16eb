"""Making the handling of a webhook event fail once: Stripe refuses what the target asks it, or the database is gone.

A 429 is used, since Stripe's libraries do not repeat that by themselves (docs.stripe.com/rate-limits).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from stripe_audit.context import Context
from stripe_audit.errors import TargetError
from stripe_audit.observers.interface import Order
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Attempt
from stripe_audit.trials.deliveries import is_acknowledged, settled
from stripe_audit.trials.events import event_of
from stripe_audit.trials.outages import order_if_seen

__all__ = ["Failed", "HandlingFailed", "fail_handling", "fail_once", "fail_storing", "is_taken", "outcome_of"]

_EVENT = "payment_intent.succeeded"
_QUIET_S = 0.4
"""An acknowledged event may be worked off later, and tried again: so long without a call, and it is given up."""
_LONGEST_S = 1.2
_LONGEST_AWAY_S = 8.0
"""Longer than SQLite's libraries wait for a lock (5 s) by default."""
_REDELIVERIES_S = (0.05, 0.2, 0.5, 1.0)
"""Pauses before an event is delivered again: Stripe's hours, compressed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An event whose handling has just failed: its payment, its id, the first answers of all endpoints.

    ``hits`` counts the calls to Stripe that failed.
    """

    payment: Payment
    event: str
    first: tuple[Attempt, ...]
    hits: int


@dataclass(frozen=True, slots=True)
class HandlingFailed:
    """What became of an event whose handling failed.

    ``hits`` counts the calls to Stripe that failed; ``is_acknowledged`` whether the event was acknowledged all the
    same, at every endpoint; ``is_taken_later`` whether it was in the end. ``statuses`` are the first answers of all
    endpoints, ``order`` is the last that was seen. ``usual`` is the order of a payment whose events met no failure, for
    comparison; None where all is as it should be without. ``is_down`` says that afterwards nobody can begin to pay, and
    that there is no comparison therefore.
    """

    hits: int
    is_acknowledged: bool
    is_taken_later: bool
    statuses: tuple[int | None, ...]
    order: Order | None
    usual: Order | None = None
    is_down: bool = False

    @property
    def fate(self) -> Literal["once", "twice", "lost", "skipped", "refused"]:
        """What became of the effect, by the side of what is usual: ``lost`` after it was acknowledged at once,
        ``skipped`` where it came again and was taken, ``refused`` where it still is.
        """
        order, usual = self.order, self.usual.fulfilled if self.usual else None
        if order is not None and (order.fulfilled or 0) > max(usual or 0, 1):
            return "twice"
        if order is not None and order.is_paid and not (order.fulfilled == 0 and usual != 0):
            return "once"
        return "lost" if self.is_acknowledged else "skipped" if self.is_taken_later else "refused"

    @property
    def told(self) -> str:
        """What the first delivery was answered with, at each endpoint."""
        return ", ".join(str(status or "nothing") for status in self.statuses) or "nothing: no endpoint listens"


async def fail_handling(ctx: Context) -> HandlingFailed:
    """Pay an order, and have Stripe refuse the target's questions while it is told; then answer them again."""
    failed = await fail_once(ctx)
    return await outcome_of(ctx, failed.payment, failed.event, failed.first, hits=failed.hits)


async def fail_once(ctx: Context) -> Failed:
    """The first part of ``fail_handling``: the handling has failed, and Stripe answers again."""
    payment = await ctx.payments.paid(is_held=True)
    event = str((await event_of(ctx, payment, _EVENT))["id"])
    mark = await ctx.stripe.mark()
    refusal = {"kind": "rate_limit"}
    about_event = await ctx.stripe.fault(refusal, path=f"/v1/events/{event}")
    async with about_event, await ctx.stripe.fault(refusal, object=payment.intent) as about_payment:
        first = await ctx.stripe.release(payment.intent, events=[event])
        hits = await _hits(ctx, mark, {about_event.id, about_payment.id}, is_over=not is_taken(first))
    return Failed(payment, event, tuple(first), hits)


async def fail_storing(ctx: Context) -> tuple[HandlingFailed, bool]:
    """Pay an order, and take the target's database away while it is told. Whether it was in the order nevertheless.

    Everybody meets that: whoever does it uses the target alone. Raises Skip where no way to do it is declared.
    """
    payment = await ctx.payments.paid(is_held=True)
    await settled(ctx, [payment.intent])
    event = str((await event_of(ctx, payment, _EVENT))["id"])
    async with ctx.database.away():
        releasing = asyncio.ensure_future(ctx.stripe.release(payment.intent, events=[event]))
        await asyncio.wait({releasing}, timeout=_LONGEST_AWAY_S)
        if releasing.done() and is_taken(releasing.result()):
            await asyncio.sleep(_QUIET_S)  # what was acknowledged first meets it now
        order = await order_if_seen(ctx, payment.order) if releasing.done() else None
    outcome = await outcome_of(ctx, payment, event, await releasing, hits=1)
    return outcome, order is not None and order.is_paid


async def outcome_of(
    ctx: Context, payment: Payment, event: str, first: Sequence[Attempt], *, hits: int
) -> HandlingFailed:
    """What becomes of an event whose handling failed, now that nothing fails any more."""
    last = first if is_taken(first) else await _deliver_again(ctx, event)
    order, is_done = await ctx.orders.eventually(
        payment, lambda order: order.is_paid and order.fulfilled != 0, within=ctx.patience if hits else 0.1
    )
    if is_done:
        order, is_done = await ctx.orders.stays(payment, lambda order: (order.fulfilled or 0) <= 1, during=0.3)
    is_judged = hits > 0 and not is_done
    is_down = is_judged and await _is_down(ctx)
    usual = await _usual(ctx) if is_judged and not is_down else None
    statuses = tuple(attempt.status for attempt in first)
    return HandlingFailed(hits, is_taken(first), is_taken(last), statuses, order, usual, is_down)


def is_taken(attempts: Sequence[Attempt]) -> bool:
    """Whether an event was acknowledged at every endpoint."""
    return bool(attempts) and all(map(is_acknowledged, attempts))


async def _is_down(ctx: Context) -> bool:
    """Whether a new payment meets no answer, or an error of the target's own."""
    try:
        made = await ctx.payments.attempt(ctx.payments.fresh())
    except TargetError:
        return True
    return made.answer.status >= 500


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
