"""What a load is made of: orders that are paid at Stripe, while all that Stripe tells of it is kept back.

Every event is a real one, with an effect that the order shows; so how many orders are needed depends on how many
events tell of one of them, and to how many endpoints each of these goes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from random import Random
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.load.shots import Endpoint, Shot
from stripe_audit.payments import Payment
from stripe_audit.webhooks.bodies import body_of

__all__ = ["SUCCESS", "Ready", "Say", "in_order", "prepare"]

SUCCESS = "payment_intent.succeeded"
_AT_ONCE = 12
_PAGE = 100
_TOLD_EVERY = 500
_TRIES, _PAUSE_S = 40, 0.5
"""For a payment that the target takes no turn for: a limit of theirs is ours to wait for, here."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """Orders of which the target has not been told, ``shots`` that tell of them, and one order besides: the control."""

    endpoints: tuple[Endpoint, ...]
    control: Payment
    control_shots: tuple[Shot, ...]
    orders: tuple[Payment, ...]
    shots: tuple[Shot, ...]


async def prepare(ctx: Context, count: int, *, repeated: float, random: Random, say: Say) -> Ready:
    """Enough orders for so many shots, ``repeated`` of which (0 to 1) are sent twice.

    Raises Skip or Inconclusive where payments cannot be made, or their events not be kept back or sent.
    """
    routes = [route for route in ctx.spec.webhooks if route.secret]
    if not routes:
        raise Inconclusive("no webhook endpoint's secret is known", supply="target.routes.webhook[].secret")
    endpoints = tuple(Endpoint(ctx.spec.url + route.path, route.secret or "", ctx.spec.ca_file) for route in routes)
    heard = [frozenset(route.events) for route in routes]
    await ctx.stripe.hold(mentions=ctx.payments.reference().rpartition("-")[0])
    control = await _paid(ctx, is_held=False)
    is_held = all(delivery.state == "held" for delivery in await ctx.stripe.deliveries(control.intent))
    if not is_held:  # the target passes no reference on, so that each is held by its intent
        control = await _paid(ctx, is_held=True)
    told = await ctx.stripe.events(control.intent)
    control_shots = tuple(_shots(control, told, heard))
    if not any(shot.kind == SUCCESS for shot in control_shots):
        raise Inconclusive(f"no endpoint hears of {SUCCESS}", supply="target.routes.webhook[].events")
    unique = max(1, round(count / (1 + repeated)))
    orders = await _many(ctx, math.ceil(unique / len(control_shots)), say, is_held=not is_held)
    events = await _events(ctx, {payment.intent for payment in orders}, since=int(told[0]["created"]))
    shots = [list(_shots(payment, events[payment.intent], heard)) for payment in orders]
    return Ready(endpoints, control, control_shots, tuple(orders), in_order(shots, count, repeated, random))


def in_order(of_orders: Iterable[Sequence[Shot]], count: int, repeated: float, random: Random) -> tuple[Shot, ...]:
    """``count`` shots, or as many as there are: the events of an order near one another, in any order; repeats later.

    Stripe promises no order, and delivers some events more than once (docs.stripe.com/webhooks).
    """
    shots: list[Shot] = []
    for of_order in of_orders:
        mixed = list(of_order)
        random.shuffle(mixed)
        shots += mixed
    shots = shots[: max(1, round(count / (1 + repeated)))]
    again = random.sample(range(len(shots)), min(len(shots), count - len(shots), round(len(shots) * repeated)))
    places = [(float(index), shot) for index, shot in enumerate(shots)]
    for number, index in enumerate(again):  # every other one follows at once
        place = index + 0.5 if number % 2 else random.uniform(index, len(shots))
        places.append((place, shots[index]._replace(is_repeat=True)))
    return tuple(shot for _, shot in sorted(places, key=lambda pair: pair[0]))


async def _paid(ctx: Context, *, is_held: bool) -> Payment:
    for _ in range(_TRIES):
        try:
            return await ctx.payments.paid(is_held=is_held)
        except Inconclusive as ending:
            if "429" not in ending.message:
                raise
        except TargetError:  # it may be busy with the others
            pass
        await asyncio.sleep(_PAUSE_S)
    return await ctx.payments.paid(is_held=is_held)


async def _many(ctx: Context, count: int, say: Say, *, is_held: bool) -> list[Payment]:
    made: list[Payment] = []
    turns = iter(range(count))

    async def make() -> None:
        for _ in turns:
            made.append(await _paid(ctx, is_held=is_held))
            if len(made) % _TOLD_EVERY == 0 and len(made) < count:
                say(f"{len(made)} of {count} orders are paid")

    say(f"paying {count} orders at Stripe, of which the target is not told yet")
    makers = [asyncio.ensure_future(make()) for _ in range(min(_AT_ONCE, count))]
    try:
        await asyncio.gather(*makers)
    finally:
        for maker in makers:
            maker.cancel()
        await asyncio.gather(*makers, return_exceptions=True)
    return made


async def _events(ctx: Context, intents: Set[str], *, since: int) -> dict[str, list[Mapping[str, Any]]]:
    """The events about these payments, oldest first; read page by page, the newest first, back to a moment."""
    found: dict[str, list[Mapping[str, Any]]] = {intent: [] for intent in intents}
    after: dict[str, str] = {}
    while True:
        page = await ctx.stripe.get("/v1/events", limit=_PAGE, **after)
        for event in page["data"]:
            if (intent := _intent_of(event)) in found:
                found[intent].insert(0, event)
        if not page["has_more"] or page["data"][-1]["created"] < since:
            return found
        after = {"starting_after": page["data"][-1]["id"]}


def _intent_of(event: Mapping[str, Any]) -> str:
    obj = event["data"]["object"]
    found = obj.get("id") if obj.get("object") == "payment_intent" else obj.get("payment_intent")
    return found if isinstance(found, str) else ""


def _shots(payment: Payment, events: Iterable[Mapping[str, Any]], heard: Sequence[frozenset[str]]) -> Iterable[Shot]:
    """Each event for each endpoint that listens to it."""
    for event in events:
        body = b""
        for number, types in enumerate(heard):
            if not types or "*" in types or event["type"] in types:
                body = body or body_of(event)
                yield Shot(0.0, str(event["id"]), str(event["type"]), payment.order, number, body)
