"""Submitting an order more than once, and paying whatever the target then offers to be paid."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.observers.interface import eventually
from stripe_audit.payments import Payment
from stripe_audit.trials.deliveries import settled
from stripe_audit.trials.stripe_calls import intent_of, made, place_of
from stripe_audit.trials.together import together

__all__ = ["SUBMISSIONS", "Submitted", "money_kept", "submit_again", "takes"]

_INTENTS = "/v1/payment_intents"
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Submitted:
    """An order that was submitted more than once, and the PaymentIntents whose money was taken and kept.

    ``is_tried`` is false where the way could not be tried on this target.
    """

    id: str
    title: str
    charged: tuple[Mapping[str, Any], ...] = ()
    is_tried: bool = True


def takes(ctx: Context, role: str, *words: str) -> bool:
    """Whether the declared request of a route carries one of these values."""
    route = ctx.target.route(role)
    template = route.path + json.dumps(route.body, default=str)
    return any(f"{{{word}}}" in template for word in words)


async def submit_again(ctx: Context, identity: str) -> Submitted:
    """Submit a new order in one of the ways of SUBMISSIONS, pay everything that is offered, and see what was charged.

    A target that notices may give money back: it has as long as patience lasts.
    """
    title, submit = SUBMISSIONS[identity]
    values, mark = ctx.payments.fresh(), await ctx.stripe.mark()
    offered = await submit(ctx, values)
    if offered is None:
        return Submitted(identity, title, is_tried=False)
    await together(ctx.payments.confirm(payment) for payment in {one.intent: one for one in offered}.values())
    for payment in offered:
        await intent_of(ctx, payment)
    words = (str(values["order"]), str(values["email"]))
    calls = await made(ctx, _INTENTS, since=mark, words=words)  # some the target may have charged by itself
    names = dict.fromkeys([*(payment.intent for payment in offered), *(str(call.object) for call in calls)])

    async def read() -> list[dict[str, Any]]:
        expand = ["latest_charge"]
        intents = await together(ctx.stripe.get(f"{_INTENTS}/{name}", expand=expand) for name in names)
        return [intent for intent in intents if money_kept(intent) > 0]

    charged, _ = await eventually(read, lambda charged: len(charged) <= 1, within=ctx.patience)
    return Submitted(identity, title, tuple(charged))


def money_kept(intent: Mapping[str, Any]) -> int:
    """What a PaymentIntent (its latest charge expanded) has brought in and not given back, in minor units.

    What was authorised and never captured counts as refunded at Stripe, and was never ours.
    """
    charge = intent.get("latest_charge") or {}
    if not isinstance(charge, Mapping):
        return int(intent.get("amount_received") or 0)
    let_go = int(charge.get("amount") or 0) - int(charge.get("amount_captured") or 0) if charge.get("captured") else 0
    return int(intent.get("amount_received") or 0) - max(0, int(charge.get("amount_refunded") or 0) - let_go)


async def _submit(ctx: Context, values: Values) -> list[Payment]:
    """Submit an order as the customer's browser does: the payment that is offered, if one is."""
    try:
        return [ctx.payments.read(await ctx.payments.attempt(values), ctx.payments.item())]
    except (Inconclusive, TargetError):
        return []


async def _in_turn(ctx: Context, values: Values) -> list[Payment]:
    return [*await _submit(ctx, values), *await _submit(ctx, values)]


async def _in_two_tabs(ctx: Context, values: Values) -> list[Payment] | None:
    """One tab submits the order, the other one opens its page for another try; both are paid."""
    if not ctx.target.has("pay_retry"):
        return None
    first = await _submit(ctx, values)
    again, tried = await together([_submit(ctx, values), _retry(ctx, first)])
    return [*first, *again, *tried]


async def _retry(ctx: Context, offered: list[Payment]) -> list[Payment]:
    """Another try at what was offered: what is offered then."""
    for payment in offered:
        try:
            names = {"order": payment.order, "payment_intent": payment.intent}
            answer = await ctx.target.call("pay_retry", {**payment.values, **names})
            secret = str(ctx.target.mapped("pay_retry", answer, "client_secret")["client_secret"])
        except (Inconclusive, TargetError):
            continue
        return [replace(payment, client_secret=secret, intent=secret.split("_secret_")[0])]
    return []


async def _at_once(ctx: Context, values: Values) -> list[Payment]:
    offers = await together(_submit(ctx, values) for _ in range(3))
    return [payment for offer in offers for payment in offer]


async def _after_a_lost_answer(ctx: Context, values: Values) -> list[Payment] | None:
    """The fault is meant for this order alone: it is known by where an earlier order had its reference or address."""
    earlier, mark = ctx.payments.fresh(), await ctx.stripe.mark()
    await _submit(ctx, earlier)
    calls = await made(ctx, _INTENTS, since=mark, words=[str(earlier["order"]), str(earlier["email"])])
    for name in ("order", "email"):
        place = place_of(calls[0].params, str(earlier[name])) if calls else None
        if place is not None:
            params = json.loads(json.dumps(place).replace(str(earlier[name]), str(values[name])))
            async with await ctx.stripe.fault({"kind": "reset_after"}, method="POST", path=_INTENTS, params=params):
                lost = await _submit(ctx, values)
            return [*lost, *await _submit(ctx, values)]
    return None


async def _after_payment(ctx: Context, values: Values) -> list[Payment]:
    first = await _submit(ctx, values)
    for payment in first:
        await ctx.payments.confirm(payment)
        await settled(ctx, [payment.intent])
    return [*first, *await _submit(ctx, values)]


async def _before_the_webhook(ctx: Context, values: Values) -> list[Payment]:
    first = await _submit(ctx, values)
    for payment in first:
        await ctx.stripe.hold(object=payment.intent)
        await ctx.payments.confirm(payment)
    again = await _submit(ctx, values)
    for payment in first:
        await ctx.stripe.release(payment.intent)
    return [*first, *again]


SUBMISSIONS: dict[str, tuple[str, Callable[[Context, Values], Awaitable[list[Payment] | None]]]] = {
    "in-turn": ("submitted again before it is paid", _in_turn),
    "at-once": ("submitted three times at the same moment", _at_once),
    "two-tabs": ("opened in two tabs, and paid in both", _in_two_tabs),
    "lost-answer": ("submitted again after Stripe's answer was lost", _after_a_lost_answer),
    "after-payment": ("submitted again after it was paid", _after_payment),
    "before-webhook": ("submitted again after it was paid, and before the webhook came", _before_the_webhook),
}
"""Each way with its title."""
