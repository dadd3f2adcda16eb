"""Webhook events that a check delivers itself, about payments that are its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.errors import Inconclusive, Skip
from stripe_audit.observers.interface import Order, OrderState
from stripe_audit.payments import Payment
from stripe_audit.webhooks.bodies import is_thin, thin_event

__all__ = ["PAYMENT_EVENTS", "Told", "effect_of", "event_of", "fitting_event", "told_after"]

PAYMENT_EVENTS = frozenset(("payment_intent.succeeded", "payment_intent.payment_failed", "*"))
"""Types for which a payment can be made; the last stands for all."""


@dataclass(frozen=True, slots=True)
class Told:
    """A webhook event that Stripe has, and the target has not been told of.

    ``payment`` is the payment that it is about, where its effect can be seen in an order; else None. ``about`` is that
    payment in any case. Of what is made up Stripe knows nothing, so a sound target that asks for it may fail.
    """

    event: Mapping[str, Any]
    payment: Payment | None = None
    is_made_up: bool = False
    about: Payment | None = None


async def event_of(ctx: Context, payment: Payment, event_type: str) -> dict[str, Any]:
    """The latest event of a type about a payment. Raises Inconclusive where Stripe has none."""
    found = [event for event in await ctx.stripe.events(payment.intent) if event["type"] == event_type]
    if not found:
        raise Inconclusive(f"Stripe has no {event_type} for the payment")
    return found[-1]


async def told_after(ctx: Context, event_type: str) -> Told:
    """An event of a type, kept back from the target: of a payment that was paid, or was declined, for its own sake.

    Only ``payment_intent.succeeded`` and ``payment_intent.payment_failed`` have an order, if the target can create one;
    others are made up, or triggered where Stripe can do that.
    """
    if not ctx.target.has("create_payment"):
        return await _made_up(ctx, event_type)
    if event_type == "payment_intent.succeeded":
        payment = await ctx.payments.paid(is_held=True)
        return Told(await event_of(ctx, payment, event_type), await _if_visible(ctx, payment), about=payment)
    if event_type == "payment_intent.payment_failed":
        payment = await ctx.payments.new(is_held=True)
        await ctx.payments.confirm(payment, "pm_card_visa_chargeDeclined")
        visible = await _if_visible(ctx, payment, needs=OrderState.FAILED)
        return Told(await event_of(ctx, payment, event_type), visible, about=payment)
    return await _made_up(ctx, event_type)


async def _made_up(ctx: Context, event_type: str) -> Told:
    if is_thin(event_type):
        return Told(thin_event(event_type, ctx.tag), is_made_up=True)
    if triggered := await ctx.stripe.triggered(event_type):
        return Told(triggered)
    return Told(await ctx.stripe.synthesize(event_type, made_up(event_type, ctx.tag)), is_made_up=True)


async def _if_visible(ctx: Context, payment: Payment, *, needs: OrderState | None = None) -> Payment | None:
    """The payment, if an event about it can show in its order: one that is read, and has not changed by itself.

    A target that asks Stripe whenever the order is read needs no event; what it shows is no event's effect.
    """
    try:
        orders = ctx.orders
    except Skip:
        return None
    order = await orders.read(payment)
    is_open = order is None or order.state is OrderState.UNPAID
    return payment if is_open and (needs is None or orders.declares(needs)) else None


async def effect_of(ctx: Context, told: Told, *, within: float) -> Order | None:
    """The order, if the event's effect is in it within so many seconds. Before it, the order is unpaid."""
    if told.payment is None or not within:
        return None
    order, has_changed = await ctx.orders.eventually(
        told.payment, lambda order: order.state is not OrderState.UNPAID, within=within
    )
    return order if has_changed else None


async def fitting_event(ctx: Context, route: WebhookRoute) -> Told:
    """An event that a webhook endpoint is for; one with an effect on an order where there is a choice."""
    wanted = ("payment_intent.succeeded", "payment_intent.payment_failed")
    is_open = not route.events or "*" in route.events
    for event_type in wanted:
        if is_open or event_type in route.events:
            return await told_after(ctx, event_type)
    return await told_after(ctx, route.events[0])


def made_up(event_type: str, tag: str) -> dict[str, Any]:
    """A small object of the kind that a type of event is about (``invoice.paid`` → ``invoice``)."""
    kind = event_type.rpartition(".")[0].removeprefix("customer.") or event_type
    prefix = {"invoice": "in", "subscription": "sub", "payment_intent": "pi", "charge": "ch"}.get(kind, kind[:4])
    name = kind.replace(".", "_")
    return {"id": f"{prefix}_{tag}", "object": name, "livemode": False, "metadata": {"stripe_audit": tag}}
