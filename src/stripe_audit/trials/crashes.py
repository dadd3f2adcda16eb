"""Killing the launched target while it handles webhook events, and seeing what becomes of them.

One kill meets many events of different orders, each at another moment, so that two of them do for everything. The
target is down for as long as this lasts: whoever does it uses ``process`` and ``target`` alone.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.launch.process import LaunchedTarget
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.errors import Inconclusive, LaunchError, Skip, TargetError
from stripe_audit.observers.interface import Order, eventually
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Call
from stripe_audit.trials.events import event_of
from stripe_audit.trials.outlets import Outlet, outlets_used
from stripe_audit.trials.together import together

__all__ = ["MOMENTS", "Crashed", "CrashesSeen", "crash_while_handling"]

MOMENTS = 10
"""How many events are under way, each a step further than the next, when the target is killed."""
_EVENT = "payment_intent.succeeded"
_PAUSES_S = (0.02, 0.1, 0.3, 0.6)
"""Before what was not acknowledged is sent again: Stripe's hours, compressed."""
_ACKNOWLEDGED = 4
"""So many events have been acknowledged when the target is killed, the last just then."""
_EXIT_S = 5.0
_WATCHED_S = 0.3
_ID = re.compile(r"/[a-z]{2,9}_(?=\w*\d)\w{8,}(?=/|$)")


@dataclass(frozen=True, slots=True)
class Crashed:
    """What became of an order whose event was being handled when the target was killed.

    ``id`` is the moment: ``mail``, ``notification``, a call to Stripe, ``moments`` (without an answer), ``answered``.
    ``order`` is the last seen after the event was delivered again where it had not been acknowledged, ``later`` after
    it came once more in any case. ``untold`` names the outlets that told of an undisturbed payment, and of this not.
    """

    id: str
    title: str
    is_acknowledged: bool
    order: Order | None
    later: Order | None
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrashesSeen:
    """What an undisturbed event does (``usual``: its order), and what became of the others.

    ``unmet`` are calls out that never came while their answers were to be kept back.
    """

    usual: Order | None
    unmet: tuple[str, ...] = ()
    crashed: tuple[Crashed, ...] = ()


@dataclass(slots=True)
class _Under:
    """An event on its way: its payment, and the endpoints that have not acknowledged it."""

    id: str
    title: str
    payment: Payment
    event: Mapping[str, Any]
    routes: tuple[WebhookRoute, ...]
    owed: list[WebhookRoute]
    is_acknowledged: bool = False
    began: float = 0.0


async def crash_while_handling(ctx: Context) -> CrashesSeen:
    """Kill the target amid staggered events, and again while calls out wait; each time look what came of them.

    Raises Skip where the audit did not launch the target, LaunchError where it cannot be started again.
    """
    launched = ctx.launched
    if launched is None or not launched.is_running:
        raise Skip("the target is not launched by this run", setting="target.launch")
    usual, outlets, took_s, calls = await _undisturbed(ctx)
    if usual is None or not usual.is_paid or usual.fulfilled == 0:
        return CrashesSeen(usual)
    outward, holding = _kinds(calls), {outlet.name: outlet for outlet in outlets if outlet.can_hold}
    names = [*outward, *holding]
    staggered, waiting = [
        await together(_under_way(ctx, name) for name in group) for group in (["moments"] * MOMENTS, names)
    ]
    try:
        await _kill_amid(ctx, launched, staggered, took_s)
        await _recover(ctx, launched, staggered)
        unmet: list[str] = []
        if waiting:
            unmet = await _kill_while_waiting(ctx, launched, waiting, outward, holding, took_s)
            await _recover(ctx, launched, waiting)
    finally:
        if not launched.is_running:
            await ctx.compute(launched.restart)
    met = [one for one in (*staggered, *waiting) if one.id not in unmet]
    crashed = await together(_outcome(ctx, one, outlets) for one in met)
    return CrashesSeen(usual, tuple(unmet), tuple(crashed))


def _kinds(calls: Iterable[Call]) -> dict[str, tuple[str, str]]:
    """The different calls, as method and glob, by a name without ids."""
    found = {}
    for call in calls:
        path = _ID.sub("/*", call.path)
        found[f"Stripe {call.method} {path}"] = (call.method, path)
    return found


async def _under_way(ctx: Context, identity: str) -> _Under:
    """A payment that succeeded, and its event, which the target has not been told of."""
    payment = await ctx.payments.paid(is_held=True)
    event = await event_of(ctx, payment, _EVENT)
    routes = [one for one in ctx.spec.webhooks if one.secret and (not one.events or {_EVENT, "*"} & set(one.events))]
    if not routes:
        raise Skip(f"no webhook endpoint is declared for {_EVENT}", setting="target.routes.webhook[].events")
    return _Under(identity, f"while {identity} waited for its answer", payment, event, tuple(routes), routes)


async def _undisturbed(ctx: Context) -> tuple[Order | None, list[Outlet], float, list[Call]]:
    """What an event does when nothing happens: the order, who tells of it, the seconds until then, calls to Stripe."""
    one, mark = await _under_way(ctx, "usual"), await ctx.stripe.mark()
    began = time.monotonic()
    await _deliver(ctx, one)
    order, _ = await ctx.orders.eventually(one.payment, _is_done)
    took_s = time.monotonic() - began
    outlets = await outlets_used(ctx, one.payment)
    calls = await ctx.stripe.journal(object=one.payment.intent, since=mark, caller="target")
    return order, outlets, took_s, calls


def _is_done(order: Order) -> bool:
    return order.is_paid and order.fulfilled != 0


async def _deliver(ctx: Context, one: _Under) -> None:
    """Send the event to the endpoints that have not acknowledged it, one after the other."""
    one.began = time.monotonic()
    for route in list(one.owed):
        try:
            answer = await ctx.deliver(route, one.event, duplicate=True)
        except TargetError:  # it was killed, which is what this is about
            return
        if answer.is_success:
            one.owed.remove(route)
    one.is_acknowledged = not one.owed


async def _kill(ctx: Context, launched: LaunchedTarget) -> None:
    await ctx.compute(launched.kill)
    if not await ctx.compute(launched.wait_exited, _EXIT_S):
        raise Inconclusive("the target outlives SIGKILL")


@asynccontextmanager
async def _on_their_way(
    ctx: Context, events: Sequence[_Under], step_s: float
) -> AsyncIterator[Sequence[asyncio.Future[None]]]:
    """The events are sent, each so many seconds after the one before; in the end the senders are waited for."""

    async def send(place: int, one: _Under) -> None:
        await asyncio.sleep(place * step_s)
        await _deliver(ctx, one)

    senders = [asyncio.ensure_future(send(place, one)) for place, one in enumerate(events)]
    try:
        yield senders
    finally:
        await asyncio.wait(senders)
        for sender in senders:
            sender.result()


async def _kill_amid(ctx: Context, launched: LaunchedTarget, events: Sequence[_Under], took_s: float) -> None:
    """Kill the target once some events are acknowledged: the others are on their way, each at another point."""

    async with _on_their_way(ctx, events, took_s / len(events)) as senders:
        deadline = time.monotonic() + 3 * took_s + ctx.patience
        while sum(one.is_acknowledged for one in events) < _ACKNOWLEDGED and time.monotonic() < deadline:
            under_way = [sender for sender in senders if not sender.done()]
            if not under_way:  # all were refused
                break
            await asyncio.wait(under_way, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
        killed = time.monotonic()
        await _kill(ctx, launched)
    for one in events:
        after = f"{max(0.0, killed - one.began) * 1000:.0f} ms after it was sent"
        one.id = "answered" if one.is_acknowledged else "moments"
        one.title = f"{after}, acknowledged" if one.is_acknowledged else f"{after}, before it was answered"


async def _kill_while_waiting(
    ctx: Context,
    launched: LaunchedTarget,
    events: Sequence[_Under],
    outward: Mapping[str, tuple[str, str]],
    outlets: Mapping[str, Outlet],
    took_s: float,
) -> list[str]:
    """Kill the target while each event waits for another answer from outside; which of them never asked.

    Afterwards the calls to Stripe take effect: they had arrived, and nobody hears of it any more.
    """
    held = {}
    for one in events:
        if one.id in outward:
            method, path = outward[one.id]
            action = {"kind": "slow", "seconds": 60}
            held[one.id] = await ctx.stripe.fault(action, method=method, path=path, object=one.payment.intent)
        else:
            outlets[one.id].sink.hold(outlets[one.id].word(one.payment))
    told = [(one.id, outlets[one.id].sink, outlets[one.id].word(one.payment)) for one in events if one.id in outlets]

    async def unmet() -> list[str]:
        calls = [name for name, fault in held.items() if not await fault.hits()]
        return calls + [name for name, sink, word in told if not sink.is_waiting(word)]

    try:
        async with _on_their_way(ctx, events, 0.0):
            missing, _ = await eventually(unmet, lambda names: not names, within=3 * took_s + min(ctx.patience, 1.0))
            await _kill(ctx, launched)
    finally:
        for fault in held.values():
            await fault.lift()
        for _, sink, word in told:
            sink.let_go(word)
    return missing


async def _recover(ctx: Context, launched: LaunchedTarget, events: Sequence[_Under]) -> None:
    """Start the target again, and send what was not acknowledged, as Stripe does."""
    try:
        await ctx.compute(launched.restart)
    except LaunchError as error:
        raise Inconclusive(f"the target does not come back after it was killed: {error.message}") from None

    async def again(one: _Under) -> None:
        for pause in _PAUSES_S:
            if not one.owed:
                return
            await asyncio.sleep(pause)
            await _deliver(ctx, one)

    was_acknowledged = [one.is_acknowledged for one in events]
    await together(map(again, events))
    for one, was in zip(events, was_acknowledged, strict=True):
        one.is_acknowledged = was


async def _outcome(ctx: Context, one: _Under, outlets: Sequence[Outlet]) -> Crashed:
    """What is left of it, and whether it has its effect again when it comes once more."""
    order, _ = await ctx.orders.eventually(one.payment, _is_done)

    async def silent() -> list[str]:
        return [outlet.name for outlet in outlets if not outlet.count(one.payment)]

    untold, _ = await eventually(silent, lambda names: not names, within=ctx.patience)
    again = _Under(one.id, one.title, one.payment, one.event, one.routes, list(one.routes))
    await _deliver(ctx, again)
    later, _ = await ctx.orders.stays(one.payment, lambda order: (order.fulfilled or 0) <= 1, during=_WATCHED_S)
    return Crashed(one.id, one.title, one.is_acknowledged, order, later, tuple(untold))
