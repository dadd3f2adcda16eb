"""Losing the answer to an order on its way, and sending the order again, as a customer does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.observers.interface import Order, eventually
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import FaultHandle
from stripe_audit.trials.stripe_calls import made, place_of
from stripe_audit.trials.submissions import money_kept
from stripe_audit.trials.together import together

__all__ = ["LOST_ANSWERS", "Recovered", "place_in_calls", "send_again"]

LOST_ANSWERS = {
    "customer": "after the customer's connection had broken",
    "stripe": "after Stripe's answer had been lost",
}
"""Where the answer is lost, by id."""
_INTENTS = "/v1/payment_intents"
_GIVES_UP_S = 1.0
_PAUSES_S = (0.0, 0.1, 0.4, 1.0)
"""A customer who is told to wait tries again."""
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of an order that was sent again. ``statuses`` are the answers, ``is_offered`` tells whether a payment
    was offered in the end, ``charged`` counts the PaymentIntents of the order whose money was taken and kept.
    """

    id: str
    title: str
    statuses: tuple[int | None, ...]
    is_offered: bool
    charged: int = 0
    order: Order | None = None


async def place_in_calls(ctx: Context) -> tuple[str, dict[str, Any]] | None:
    """Where the target's calls name an order: ``order`` or ``email``, and the parameters with ``{}`` in its place.

    Seen in an ordinary payment; None where its calls name neither, so that no fault can be meant for one order.
    """
    earlier, mark = ctx.payments.fresh(), await ctx.stripe.mark()
    await ctx.payments.attempt(earlier)
    words = {name: str(earlier[name]) for name in ("order", "email")}
    calls = await made(ctx, _INTENTS, since=mark, words=tuple(words.values()))
    for name, word in words.items():
        place = place_of(calls[0].params, word) if calls else None
        if place is not None:
            return name, json.loads(json.dumps(place).replace(word, "{}"))
    return None


async def send_again(ctx: Context, identity: str, place: tuple[str, Mapping[str, Any]]) -> Recovered:
    """Send an order whose answer is lost in one of LOST_ANSWERS, send it again until it can be paid, and pay."""
    values, mark = ctx.payments.fresh(), await ctx.stripe.mark()
    name, template = place
    params = json.loads(json.dumps(template).replace("{}", str(values[name])))
    action = {"kind": "slow", "seconds": 60} if identity == "customer" else {"kind": "reset_after"}
    async with await ctx.stripe.fault(action, method="POST", path=_INTENTS, params=params) as fault:
        await _lose(ctx, values, fault, is_cut=identity == "customer")
    offered, statuses = await _ask(ctx, values)
    title = LOST_ANSWERS[identity]
    if offered is None:
        return Recovered(identity, title, statuses, is_offered=False)
    await ctx.payments.confirm(offered)
    order, _ = await ctx.orders.eventually(offered, lambda order: order.is_paid and order.fulfilled != 0)
    calls = await made(ctx, _INTENTS, since=mark, words=(str(values["order"]), str(values["email"])))
    names = {offered.intent, *(str(call.object) for call in calls)}
    intents = await together(ctx.stripe.get(f"{_INTENTS}/{one}", expand=["latest_charge"]) for one in sorted(names))
    return Recovered(identity, title, statuses, True, sum(money_kept(intent) > 0 for intent in intents), order)


async def _lose(ctx: Context, values: Values, fault: FaultHandle, *, is_cut: bool) -> None:
    """Send the order; with ``is_cut`` the customer is gone once the target waits for Stripe."""
    sent = asyncio.ensure_future(ctx.target.call("create_payment", values, timeout=None if is_cut else _GIVES_UP_S * 5))
    if is_cut:
        await eventually(fault.hits, bool, within=_GIVES_UP_S)
        sent.cancel()
    await asyncio.wait([sent])
    if not sent.cancelled():
        sent.exception()  # whatever came, the customer has not seen it


async def _ask(ctx: Context, values: Values) -> tuple[Payment | None, tuple[int | None, ...]]:
    """What is offered when the same order is sent again, and where that is refused, when another try is asked for."""
    statuses: list[int | None] = []
    for pause in _PAUSES_S:
        await asyncio.sleep(pause)
        try:
            attempted = await ctx.payments.attempt(values)
        except TargetError:
            statuses.append(None)
            continue
        statuses.append(attempted.answer.status)
        if attempted.answer.is_success:
            return ctx.payments.read(attempted, ctx.payments.item()), tuple(statuses)
        if (other := await _another_try(ctx, values)) is not None:
            return other, tuple(statuses)
    return None, tuple(statuses)


async def _another_try(ctx: Context, values: Values) -> Payment | None:
    if not ctx.target.has("pay_retry"):
        return None
    try:
        answer = await ctx.target.call("pay_retry", {**values, "payment_intent": ""})
        secret = str(ctx.target.mapped("pay_retry", answer, "client_secret")["client_secret"])
    except (Inconclusive, TargetError):
        return None
    item, intent = ctx.payments.item(), secret.split("_secret_")[0]
    return Payment(
        str(values["order"]), intent, secret, 0, item.currency, str(values["email"]), item, 1, answer, values
    )
