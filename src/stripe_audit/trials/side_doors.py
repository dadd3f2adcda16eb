"""Asking for a payment by GET, and with members that are not the customer's to set; and seeing what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from stripe_audit.context import Context
from stripe_audit.deployment.target import fill
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Skip, TargetError
from stripe_audit.models import Effect
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Call
from stripe_audit.trials.alterations import extended
from stripe_audit.trials.stripe_calls import intent_of, mentions

__all__ = ["Opened", "create_by_get", "create_with_members", "has_orders", "proven_payment"]

_CREATIONS = ("/v1/payment_intents", "/v1/checkout/sessions")


@dataclass(frozen=True, slots=True)
class Opened:
    """What was answered (None for nothing), the calls to Stripe that create a payment for it, and its order."""

    answer: Answer | None
    calls: Sequence[Call]
    order: str


async def create_by_get(ctx: Context) -> Opened:
    """Send the declared request by GET, its members in the address, as a link or an image on any page can."""
    values = ctx.payments.fresh()
    body = fill(ctx.target.route("create_payment").body, values)
    members = body if isinstance(body, Mapping) else {}
    query = urlencode({name: str(value) for name, value in members.items()})
    path = ctx.target.url_of("create_payment", values).removeprefix(ctx.spec.url)
    mark = await ctx.stripe.mark()
    answer: Answer | None = None
    try:
        joined = f"{path}{'&' if '?' in path else '?'}{query}"
        answer = await ctx.request("GET", joined, effect=Effect.WRITE, route=ctx.target.route("create_payment").label)
    except TargetError:
        pass
    return Opened(answer, await _creations(ctx, mark, values), str(values["order"]))


async def create_with_members(ctx: Context, members: Mapping[str, Any]) -> Opened:
    """Send the declared request for a new order with members added at every level of its body."""
    values = ctx.payments.fresh()
    body = extended(fill(ctx.target.route("create_payment").body, values), members)
    mark = await ctx.stripe.mark()
    answer: Answer | None = None
    try:
        answer = (await ctx.payments.attempt(values, body=body)).answer
    except TargetError:
        pass
    order = str(values["order"])
    if answer is not None and answer.is_success:
        mapped = ctx.target.mapped("create_payment", answer)
        order = str(mapped.get("order") or order)
    return Opened(answer, await _creations(ctx, mark, values), order)


async def _creations(ctx: Context, mark: int, values: Mapping[str, Any]) -> list[Call]:
    calls = await ctx.stripe.journal(since=mark, caller="target")
    words = (str(values["order"]), str(values["email"]))
    return [
        call for call in calls if call.method == "POST" and call.path in _CREATIONS and mentions(call.params, words)
    ]


async def proven_payment(ctx: Context) -> Payment:
    """A new payment, and that it is at Stripe, where the target talks to ours: else nothing that is seen means much.

    Raises Inconclusive.
    """
    payment = await ctx.payments.new()
    try:
        await intent_of(ctx, payment)
    except Skip:
        pass
    return payment


def has_orders(ctx: Context) -> bool:
    """Whether the target's records of payments can be read."""
    try:
        return bool(ctx.orders)
    except Skip:
        return False
