"""Watching webhook events on their way, and telling a target of them in an order of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import eventually
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Attempt, Delivery
from stripe_audit.trials.together import together

__all__ = ["deliverable", "is_acknowledged", "settled", "tell"]

_PAUSES_S = (0.05, 0.2, 0.6)
"""Before what was refused is sent again: Stripe's hours, compressed."""


def is_acknowledged(attempt: Attempt) -> bool:
    """Whether an attempt to deliver was answered as Stripe wants it: 2xx (docs.stripe.com/webhooks)."""
    return attempt.status is not None and 200 <= attempt.status < 300


async def settled(ctx: Context, objects: Iterable[str], *, within: float | None = None) -> list[Delivery]:
    """The deliveries about some objects once none is under way any more, or as they are at the deadline."""
    names = list(objects)

    async def read() -> list[Delivery]:
        return [one for found in await together(map(ctx.stripe.deliveries, names)) for one in found]

    def is_settled(deliveries: list[Delivery]) -> bool:
        return not any(one.state in ("pending", "retrying") for one in deliveries)

    return (await eventually(read, is_settled, within=within or ctx.patience))[0]


async def deliverable(ctx: Context, payment: Payment, *, state: str | None = None) -> list[dict[str, Any]]:
    """The webhook events about a payment that some endpoint listens to, oldest first; those in one state of delivery.

    Raises Inconclusive for none.
    """
    deliveries = await ctx.stripe.deliveries(payment.intent)
    wanted = {delivery.event for delivery in deliveries if state in (None, delivery.state)}
    events = [event for event in await ctx.stripe.events(payment.intent) if event["id"] in wanted]
    if not events:
        raise Inconclusive("no endpoint listens to any event of a payment", supply="target.routes.webhook[].events")
    return events


async def tell(ctx: Context, payment: Payment, events: Sequence[Mapping[str, Any]]) -> list[Attempt]:
    """Deliver held events in this order. What is refused is sent again after the others, as Stripe would.

    The answer to the last attempt with each event, at each endpoint that listens to it.
    """
    answers: list[Attempt] = []
    refused: list[str] = []
    for event in events:
        attempts = await ctx.stripe.release(payment.intent, events=[event["id"]])
        if all(map(is_acknowledged, attempts)):
            answers += attempts
        else:
            refused.append(event["id"])
    for pause in _PAUSES_S:
        if not refused:
            break
        await asyncio.sleep(pause)
        again = {event: await ctx.stripe.resend(event) for event in refused}
        last = {event: attempts for event, attempts in again.items() if all(map(is_acknowledged, attempts))}
        if pause == _PAUSES_S[-1]:
            last = again
        answers += [attempt for attempts in last.values() for attempt in attempts]
        refused = [event for event in refused if event not in last]
    return answers
