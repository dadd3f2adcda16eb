"""Presenting the payment of a cheap order for a dear one, in the ways that a customer has."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.spec import Item
from stripe_audit.deployment.target import fill
from stripe_audit.errors import Inconclusive, Skip, TargetError
from stripe_audit.money import to_minor
from stripe_audit.observers.interface import Order
from stripe_audit.payments import Payment
from stripe_audit.trials.alterations import extended
from stripe_audit.trials.stripe_calls import intent_of, place_of
from stripe_audit.trials.submissions import money_kept, takes

__all__ = ["SWAPS", "Bargain", "Swapped", "bargain_of", "swap"]

_INTENTS = "/v1/payment_intents"
_NAMES = ("payment_intent", "payment_intent_id", "paymentIntent", "paymentIntentId", "intentId", "intent_id")
"""Members by which requests name a PaymentIntent that there is already."""
_WATCHED_S = 0.3


@dataclass(frozen=True, slots=True)
class Bargain:
    """Two orders that a swap is about: in one currency, and one costs more."""

    cheap: Item
    dear: Item
    dear_quantity: int


@dataclass(frozen=True, slots=True)
class Swapped:
    """What came of one way. ``paid`` in minor units is what Stripe has kept for the dear order's sake: all that was
    paid. ``order`` is the dear order, ``cheap`` the one that was paid for. ``is_tried`` is false where the way is none
    on this target.
    """

    id: str
    title: str
    paid: int = 0
    order: Order | None = None
    cheap: Order | None = None
    is_tried: bool = True


def bargain_of(ctx: Context) -> Bargain:
    """The cheapest item against the dearest one of its currency, and three of it where quantities are declared.

    Raises Skip where nothing costs more than the cheapest.
    """
    items = ctx.spec.items
    by_price = sorted(
        (item for item in items if item.currency == items[0].currency),
        key=lambda item: to_minor(item.price, item.currency),
    )
    quantity = 3 if takes(ctx, "create_payment", "quantity") else 1
    if len({item.price for item in by_price}) < 2 and quantity == 1:
        raise Skip("one item alone is declared, so that no order is dearer than another", setting="target.items")
    return Bargain(by_price[0], by_price[-1], quantity)


async def swap(ctx: Context, identity: str, bargain: Bargain) -> Swapped:
    """One of the ways of SWAPS, with two orders of its own; then the cheap payment's events come."""
    title, present = SWAPS[identity]
    cheap = await ctx.payments.new(item=bargain.cheap, is_held=True)
    presented = await present(ctx, bargain, cheap)
    if presented is None:
        return Swapped(identity, title, is_tried=False)
    await ctx.stripe.release(cheap.intent)
    paid = money_kept(await intent_of(ctx, cheap))
    paid_for, _ = await ctx.orders.eventually(cheap, lambda order: order.is_paid, within=min(ctx.patience, 1.0))
    if ctx.target.has("reconcile"):
        await ctx.target.call("reconcile", {"order": presented})
    dear, _ = await ctx.orders.stays(presented, lambda order: not order.is_paid, during=_WATCHED_S)
    return Swapped(identity, title, paid, dear, paid_for)


async def _dear(ctx: Context, bargain: Bargain) -> Payment:
    return await ctx.payments.new(item=bargain.dear, quantity=bargain.dear_quantity)


async def _pay(ctx: Context, payment: Payment) -> None:
    if (answer := await ctx.payments.confirm(payment)).state != "succeeded":
        raise Inconclusive(f"the payment did not succeed at Stripe, but is {answer.state}")


async def _on_return_page(ctx: Context, bargain: Bargain, cheap: Payment) -> str | None:
    if not ctx.target.has("return_page") or not takes(ctx, "return_page", "order"):
        return None
    dear = await _dear(ctx, bargain)
    await _pay(ctx, cheap)
    await ctx.target.call("return_page", {**dear.values, "order": dear.order, "payment_intent": cheap.intent})
    return dear.order


async def _by_metadata(ctx: Context, bargain: Bargain, cheap: Payment) -> str | None:
    """A second cheap payment is made with metadata of the customer's, as the target writes them by itself."""
    try:
        journal = await ctx.stripe.journal(object=cheap.intent, caller="target")
    except Skip:  # a Stripe that does not tell what the target asked
        return None
    calls = [call for call in journal if call.path == _INTENTS]
    place = place_of({"metadata": calls[0].params.get("metadata")}, cheap.order) if calls else None
    if place is None:
        return None
    dear = await _dear(ctx, bargain)
    values = ctx.payments.fresh(item=bargain.cheap)
    members = json.loads(json.dumps(place).replace(cheap.order, dear.order))
    body = extended(fill(ctx.target.route("create_payment").body, values), members)
    attempted = await ctx.payments.attempt(values, body=body)
    await _pay(ctx, cheap)
    if attempted.answer.is_success:
        await _pay(ctx, ctx.payments.read(attempted, bargain.cheap))
    return dear.order


async def _in_retry(ctx: Context, bargain: Bargain, cheap: Payment) -> str | None:
    if not ctx.target.has("pay_retry"):
        return None
    dear = await _dear(ctx, bargain)
    await _pay(ctx, cheap)
    values = {**dear.values, "order": dear.order, "payment_intent": cheap.intent}
    declared = fill(ctx.target.route("pay_retry").body or {}, values)
    await _call(ctx, "pay_retry", values, {**declared, **dict.fromkeys(_NAMES, cheap.intent)})
    return dear.order


async def _in_new_order(ctx: Context, bargain: Bargain, cheap: Payment) -> str | None:
    values = ctx.payments.fresh(item=bargain.dear, quantity=bargain.dear_quantity)
    await _pay(ctx, cheap)
    members = dict.fromkeys(_NAMES, cheap.intent)
    body = extended(fill(ctx.target.route("create_payment").body, values), members)
    await _call(ctx, "create_payment", values, body)
    return str(values["order"])


async def _by_changing_the_order(ctx: Context, bargain: Bargain, cheap: Payment) -> str | None:
    """The order becomes dear in a second tab; what the first tab offered is paid."""
    if not takes(ctx, "create_payment", "order"):
        return None
    values = ctx.payments.fresh(item=bargain.dear, quantity=bargain.dear_quantity, order=cheap.order)
    await _call(ctx, "create_payment", {**values, "email": cheap.email}, None)
    await ctx.payments.confirm(cheap)  # a target that has cancelled it, or raised its amount, is right
    return cheap.order


async def _call(ctx: Context, role: str, values: dict[str, Any], body: Any) -> None:
    """Whatever is answered: what counts is what becomes of the orders."""
    try:
        await ctx.target.call(role, values, body=body)
    except TargetError:
        return


SWAPS: dict[str, tuple[str, Callable[[Context, Bargain, Payment], Awaitable[str | None]]]] = {
    "return-page": ("the return page was opened for a dear order with a cheap one's payment", _on_return_page),
    "metadata": ("a cheap payment was asked for with metadata that name a dear order", _by_metadata),
    "retry": ("another try at a dear order named a cheap one's payment", _in_retry),
    "new-order": ("a dear order was submitted with a cheap one's payment", _in_new_order),
    "changed-order": ("an order was made dearer after its payment had been offered", _by_changing_the_order),
}
"""Each way with its title. It gives the reference of the dear order, or None where it cannot be tried."""
