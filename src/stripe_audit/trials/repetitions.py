"""Sending the webhook events of a payment once, again, at once, or in other words; and what came of it.

Stripe may deliver an event more than once, and may make two events of one change (docs.stripe.com/webhooks).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.observers.interface import Order
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Delivery
from stripe_audit.trials.deliveries import deliverable, is_acknowledged, tell
from stripe_audit.trials.mails import mails_if_seen

__all__ = ["REPETITIONS", "Repeated", "repeat"]

_TELLING_OF_SUCCESS = ("payment_intent.succeeded", "charge.succeeded")
_WATCHED_S = 0.3
_AT_ONCE = 12
"""So many that they reach every worker of a server that has a few."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The order of a payment after its events were sent in some way.

    ``mails`` is how many its customer got, None where that is not seen; ``refusals`` how many events
    were taken once, and a later copy was not.
    """

    id: str
    title: str
    order: Order | None
    mails: int | None
    refusals: int = 0


async def repeat(ctx: Context, identity: str) -> Repeated:
    """A new payment, paid, whose events are sent in one of the ways of REPETITIONS."""
    title, send = REPETITIONS[identity]
    payment = await ctx.payments.paid(is_held=True)
    refusals = await send(ctx, payment)
    await ctx.orders.eventually(payment, lambda order: order.is_paid and order.fulfilled != 0)
    order, _ = await ctx.orders.stays(payment, lambda order: (order.fulfilled or 0) <= 1, during=_WATCHED_S)
    mails = await mails_if_seen(ctx, payment.email, within=0.1)
    return Repeated(identity, title, order, None if mails is None else len(mails), refusals)


async def _once(ctx: Context, payment: Payment) -> int:
    await tell(ctx, payment, await deliverable(ctx, payment))
    return 0


async def _in_turn(ctx: Context, payment: Payment) -> int:
    events = await deliverable(ctx, payment)
    await tell(ctx, payment, events)
    for event in events:
        await ctx.stripe.resend(event["id"], copies=2)
    return sum(_is_refused_later(delivery) for delivery in await ctx.stripe.deliveries(payment.intent))


def _is_refused_later(delivery: Delivery) -> bool:
    """Whether an endpoint that had taken an event did not take a copy of it."""
    taken = [is_acknowledged(attempt) for attempt in delivery.attempts]
    return True in taken and False in taken[taken.index(True) :]


async def _at_once(ctx: Context, payment: Payment) -> int:
    """A copy that is refused for the sake of another is no matter; all refused, the event comes again."""
    for event in await deliverable(ctx, payment):
        copies = _AT_ONCE if event["type"] in _TELLING_OF_SUCCESS else 4
        attempts = await ctx.stripe.resend(event["id"], copies=copies, concurrent=True)
        if not any(map(is_acknowledged, attempts)):
            await ctx.stripe.resend(event["id"])
    return 0


async def _by_a_second_event(ctx: Context, payment: Payment) -> int:
    events = await deliverable(ctx, payment)
    await tell(ctx, payment, events)
    await ctx.orders.eventually(payment, lambda order: order.is_paid)
    for event in [event for event in events if event["type"] in _TELLING_OF_SUCCESS]:
        second = await ctx.stripe.synthesize(event["type"], event["data"]["object"])
        await ctx.deliver(ctx.webhook_for(event["type"]), second, duplicate=True)
    return 0


REPETITIONS: dict[str, tuple[str, Callable[[Context, Payment], Awaitable[int]]]] = {
    "once": ("each event came once", _once),
    "in-turn": ("each event came three times", _in_turn),
    "at-once": ("each event came up to twelve times at the same moment", _at_once),
    "second-event": ("a second event told of the same success", _by_a_second_event),
}
"""Each way with its title."""
