"""Paying an order again after its card was declined."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.observers.interface import Order, OrderState, eventually
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.journeys import travel
from stripe_audit.trials.stripe_calls import made
from stripe_audit.trials.submissions import money_kept

__all__ = ["Retried", "try_again"]

_INTENTS = "/v1/payment_intents"


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of a second try.

    ``answer`` is to the request for it, which went to the route of ``role``. ``is_paid``: what was offered could be
    paid, or the first PaymentIntent where nothing was. ``charged`` counts the PaymentIntents of the order whose money
    was taken and kept in the end.
    """

    role: str
    answer: Answer
    is_paid: bool
    charged: int
    order: Order | None


async def try_again(ctx: Context) -> Retried:
    """Have a card declined, ask for another try, pay what is offered, then try to pay what was offered first as well.

    A target that was paid twice and notices may give money back: it has as long as patience lasts.
    """
    mark = await ctx.stripe.mark()
    payment = await travel(ctx, "declined")
    await settled(ctx, [payment.intent])
    if ctx.orders.declares(OrderState.FAILED):
        await ctx.orders.eventually(payment, lambda order: order.state is OrderState.FAILED)
    role = "pay_retry" if ctx.target.has("pay_retry") else "create_payment"
    names = {"order": payment.order, "payment_intent": payment.intent} if role == "pay_retry" else {}
    answer = await ctx.target.call(role, {**payment.values, **names})
    secret = payment.client_secret
    if answer.is_success:
        secret = str(ctx.target.mapped(role, answer, "client_secret")["client_secret"])
    is_paid = (await ctx.stripe.confirm(secret, "pm_card_visa")).state == "succeeded"
    offered = secret.split("_secret_")[0]
    await settled(ctx, [offered])
    order, _ = await ctx.orders.eventually(payment, lambda order: order.is_paid, within=None if is_paid else 0.3)
    if offered != payment.intent:
        await ctx.payments.confirm(payment)
    calls = await made(ctx, _INTENTS, since=mark, words=(payment.order, payment.email))
    charged = await _charged(ctx, {payment.intent, offered, *(str(call.object) for call in calls)})
    return Retried(role, answer, is_paid, charged, order)


async def _charged(ctx: Context, intents: Collection[str]) -> int:
    async def kept(intent: str) -> int:
        return money_kept(await ctx.stripe.get(f"{_INTENTS}/{intent}", expand=["latest_charge"]))

    async def read() -> int:
        return sum(money > 0 for money in await asyncio.gather(*map(kept, intents)))

    return (await eventually(read, lambda charged: charged <= 1, within=ctx.patience))[0]
