"""Submitting an order more than once, and paying whatever the target then offers to be paid."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.spec import Item
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.observers.interface import eventually
from stripe_audit.payments import Payment

__all__ = ["Submitted", "charged_intents", "money_kept", "submit", "takes"]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission. ``payment`` is None where the target offered none to be paid, ``answer`` where no answer came."""

    payment: Payment | None
    answer: Answer | None


def takes(ctx: Context, role: str, *words: str) -> bool:
    """Whether the declared request of a route carries one of these values."""
    route = ctx.target.route(role)
    template = route.path + json.dumps(route.body, default=str)
    return any(f"{{{word}}}" in template for word in words)


async def submit(ctx: Context, values: Mapping[str, Any], item: Item) -> Submitted:
    """Submit an order for one article as the customer's browser does; whatever comes of it is an answer, also none."""
    try:
        made = await ctx.payments.attempt(values)
    except TargetError:
        return Submitted(None, None)
    try:
        return Submitted(ctx.payments.read(made, item), made.answer)
    except Inconclusive:
        return Submitted(None, made.answer)


async def charged_intents(
    ctx: Context, offered: Iterable[Payment], *, known: Iterable[str] = (), within: float
) -> list[dict[str, Any]]:
    """Pay every payment that was offered, at the same time; then the PaymentIntents whose money was taken and kept.

    ``known`` are intents that the target made and did not offer: it may have charged them itself. A target that
    notices may give money back: it has so many seconds to do so where more than one was charged.
    """
    payments = {payment.intent: payment for payment in offered}
    await asyncio.gather(*(ctx.payments.confirm(payment) for payment in payments.values()))
    names = dict.fromkeys([*payments, *known])

    async def read() -> list[dict[str, Any]]:
        paths = [f"/v1/payment_intents/{intent}" for intent in names]
        intents = await asyncio.gather(*(ctx.stripe.get(path, expand=["latest_charge"]) for path in paths))
        return [intent for intent in intents if money_kept(intent) > 0]

    return (await eventually(read, lambda charged: len(charged) <= 1, within=within))[0]


def money_kept(intent: Mapping[str, Any]) -> int:
    """What a PaymentIntent (its latest charge expanded) has brought in and not given back, in minor units."""
    charge = intent.get("latest_charge") or {}
    returned = charge.get("amount_refunded", 0) if isinstance(charge, Mapping) else 0
    return int(intent.get("amount_received") or 0) - int(returned)
