"""One load, from orders that nobody was told of to what became of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, SafetyError
from stripe_audit.load.figures import Loaded, kinds_of_errors, spread_of
from stripe_audit.load.preparing import SUCCESS, Ready, Say, prepare
from stripe_audit.load.sender import Sender
from stripe_audit.load.shots import Endpoint, Shot, ShotAnswered, is_taken, on_schedule
from stripe_audit.models import Effect
from stripe_audit.observers.interface import Order

__all__ = ["LoadAsked", "Sent", "put_under_load"]

_PAUSES_S = (0.1, 0.4, 1.2)
"""Before what was refused is sent again: Stripe's hours, compressed."""
_GENTLY = 50.0
"""Events a second, when they are delivered again, and to the control order."""
_READERS = 12
_SETTLE_S = 0.1
_SUSPECT = b"live"
"""No sign of live mode is without it; what does not hold it is looked at no further."""


@dataclass(frozen=True, slots=True)
class LoadAsked:
    """What is wanted: events a second, for how many seconds, and which share of them is sent twice.

    ``within`` bounds each answer, in seconds; ``connections`` how many events are under way at the same moment.
    """

    rate: float
    seconds: float
    repeated: float = 0.1
    connections: int = 128
    within: float = 10.0
    seed: int = 0

    @property
    def count(self) -> int:
        """Events in all."""
        return max(1, round(self.rate * self.seconds))


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a schedule. ``late_s`` is by how much the sender itself was late at worst.

    ``suspect`` are beginnings of answers that may hold a sign of live mode, where others have sent.
    """

    answered: Sequence[ShotAnswered]
    late_s: float
    connections: int
    workers: int = 1
    suspect: tuple[str, ...] = ()


Send = Callable[[Sequence[Endpoint], Sequence[Shot], LoadAsked], Awaitable[Sent]]


async def put_under_load(
    ctx: Context, asked: LoadAsked, *, send: Send | None = None, say: Say = lambda text: None
) -> Loaded:
    """Pay orders, tell of them as fast as asked, deliver again what was refused, and read what the orders then are.

    Raises Inconclusive where one order, told of gently, does not come to be paid: then nothing can be learnt.
    """
    random = Random(asked.seed)  # noqa: S311 - an order of events, no secret
    ready = await prepare(ctx, asked.count, repeated=asked.repeated, random=random, say=say)
    watch = _Watch(ctx)
    await _control(ctx, ready, watch, asked)
    shots = on_schedule(ready.shots, asked.rate)
    ctx.admit(Effect.LOAD, len(shots))
    say(f"sending {len(shots)} events, {asked.rate:g} a second")
    sent = await (send or watch.send)(ready.endpoints, shots, asked)
    for text in sent.suspect:
        ctx.inspect(text)
    again = await _deliver_again(ctx, ready, watch, asked, sent.answered)
    say(f"reading {len(ready.orders)} orders")
    orders = await _read(ctx, [payment.order for payment in ready.orders])
    return _loaded(asked, ready, sent, again, orders)


class _Watch:
    """Sends, and looks for live signs in what the target answers."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._trouble: SafetyError | None = None

    async def send(self, endpoints: Sequence[Endpoint], shots: Sequence[Shot], asked: LoadAsked) -> Sent:
        """By the sender of this process."""

        def look(kept: bytes) -> None:
            if _SUSPECT in kept.lower():
                try:
                    self._ctx.inspect(kept.decode("utf-8", "replace"))
                except SafetyError as error:
                    self._trouble = error
                    sender.stop()

        sender = Sender(endpoints, connections=asked.connections, within=asked.within, on_answer=look)
        answered = await sender.send(shots)
        self.check()
        return Sent(answered, sender.latest, sender.opened)

    def check(self) -> None:
        """Raises SafetyError where a live sign was seen."""
        if self._trouble:
            raise self._trouble


async def _control(ctx: Context, ready: Ready, watch: _Watch, asked: LoadAsked) -> None:
    ctx.admit(Effect.LOAD, len(ready.control_shots))
    answered = (await watch.send(ready.endpoints, on_schedule(ready.control_shots, _GENTLY), asked)).answered
    order, is_met = await ctx.orders.eventually(ready.control, is_done)
    if not is_met:
        told = f"is {order.raw_state!r}, fulfilled {order.fulfilled or 0} times" if order else "is not found"
        refused = kinds_of_errors(answered)
        said = f"; {', '.join(refused)}" if refused else ""
        raise Inconclusive(
            f"an order whose events came gently, one after the other, {told}{said}", supply="observers.order"
        )


def is_done(order: Order) -> bool:
    """Paid, and fulfilled where that is shown."""
    return order.is_paid and order.fulfilled != 0


async def _deliver_again(
    ctx: Context, ready: Ready, watch: _Watch, asked: LoadAsked, answered: Iterable[ShotAnswered]
) -> set[tuple[str, int]]:
    """Deliver what was not taken, as Stripe would; what is acknowledged in the end, as event and endpoint."""
    taken, open_ = set(), {}
    for one in answered:
        key = (one.shot.event, one.shot.endpoint)
        if is_taken(one):
            taken.add(key)
        else:
            open_[key] = one.shot
    for pause in _PAUSES_S:
        left = [shot for key, shot in open_.items() if key not in taken]
        if not left:
            break
        await asyncio.sleep(pause)
        ctx.admit(Effect.LOAD, len(left))
        gently = min(asked.rate, max(_GENTLY, len(left) / 10))
        again = await watch.send(ready.endpoints, on_schedule(left, gently), asked)
        taken |= {(one.shot.event, one.shot.endpoint) for one in again.answered if is_taken(one)}
    return taken


async def _read(ctx: Context, references: Sequence[str]) -> dict[str, Order | None]:
    """Every order, once all are done or the patience is over; and then once more, for effects that come late."""
    found: dict[str, Order | None] = {}
    deadline = time.monotonic() + ctx.patience
    left, pause = list(references), 0.02
    while left:
        await _read_each(ctx, left, found)
        left = [name for name in left if (order := found[name]) is None or not is_done(order)]
        if left and time.monotonic() > deadline:
            break
        if left:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.3)
    await asyncio.sleep(_SETTLE_S)
    await _read_each(ctx, references, found)
    return found


async def _read_each(ctx: Context, references: Sequence[str], into: dict[str, Order | None]) -> None:
    turns, orders = iter(references), ctx.orders

    async def read() -> None:
        for reference in turns:
            into[reference] = await orders.read(reference)

    readers = [asyncio.ensure_future(read()) for _ in range(min(_READERS, len(references)))]
    try:
        await asyncio.gather(*readers)
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


def _loaded(
    asked: LoadAsked, ready: Ready, sent: Sent, taken: set[tuple[str, int]], orders: Mapping[str, Order | None]
) -> Loaded:
    answered = sent.answered
    told = {
        one.shot.order for one in answered if one.shot.kind == SUCCESS and (one.shot.event, one.shot.endpoint) in taken
    }
    lost = {name: _state(orders[name]) for name in sorted(told) if (o := orders[name]) is None or not is_done(o)}
    doubled = {name: order.summary for name, order in sorted(orders.items()) if order and (order.fulfilled or 0) > 1}
    events = {(one.shot.event, one.shot.endpoint) for one in answered}
    return Loaded(
        rate=asked.rate,
        due=len(ready.shots),
        sent=len(answered),
        repeats=sum(one.shot.is_repeat for one in answered),
        took_s=round(max((one.done for one in answered), default=0.0), 3),
        late_ms=round(sent.late_s * 1000, 1),
        connections=sent.connections,
        latency=spread_of(answered),
        errors=kinds_of_errors(answered),
        untaken=len(events - taken),
        orders=len(ready.orders),
        lost=lost,
        doubled=doubled,
        is_fulfilment_seen=any(order and order.fulfilled is not None for order in orders.values()),
        workers=sent.workers,
    )


def _state(order: Order | None) -> dict[str, Any]:
    return order.summary if order else {"state": "no such order"}
