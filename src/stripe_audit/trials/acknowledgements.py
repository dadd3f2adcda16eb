"""How long webhook endpoints take to acknowledge, and what they wait for before they do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, Skip, TargetError
from stripe_audit.trials.events import Told, fitting_event
from stripe_audit.trials.forgeries import accepts_anything
from stripe_audit.trials.mails import sees_mail
from stripe_audit.trials.together import together

__all__ = ["Timed", "Waits", "percentile", "time_acknowledgements", "what_is_waited_for"]

_SLOW_S = 0.4
_LONGEST_S = 32.0
"""Longer than Stripe is known to wait: the Stripe CLI's forwarder gives up after 30 s."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Acknowledgements of one endpoint, in milliseconds: the first, and those after it. ``trouble`` ended them."""

    first_ms: float
    warm_ms: tuple[float, ...]
    answer: Answer | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """Of how many acknowledgements, how many waited for Stripe, and before how many a mail had been sent."""

    of: int
    for_stripe: int
    for_mail: int | None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of at least one value."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


async def time_acknowledgements(ctx: Context, route: WebhookRoute, *, count: int) -> Timed:
    """Deliver genuine events of their own to an endpoint: one, and then the others side by side.

    Raises Inconclusive where they are refused, or where what is no event is acknowledged too.
    """
    if await accepts_anything(ctx, route):
        raise Inconclusive("it answers 2xx even to what is no event", supply="see webhook-genuine-event-accepted")
    tolds = await together(fitting_event(ctx, route) for _ in range(count))
    try:
        first = await ctx.deliver(route, tolds[0].event, timeout=_LONGEST_S)
        others = await together(ctx.deliver(route, told.event, timeout=_LONGEST_S) for told in tolds[1:])
    except TargetError as error:
        return Timed(math.inf, (), None, error.message)
    for answer in (first, *others):
        if not answer.is_success:
            raise Inconclusive(
                f"a genuine event is answered {answer.status}", supply="see webhook-genuine-event-accepted"
            )
    return Timed(first.elapsed_ms, tuple(answer.elapsed_ms for answer in others), others[-1] if others else first)


async def what_is_waited_for(ctx: Context, route: WebhookRoute, *, count: int, usual_ms: float) -> Waits | None:
    """Deliver events about payments which Stripe is slow to tell of, and compare with the usual time.

    None where no payment can be made for the endpoint, or Stripe cannot be made slow.
    """
    tolds = await together(fitting_event(ctx, route) for _ in range(count))
    if any(told.is_made_up for told in tolds):
        return None
    try:
        found = await together(_waits(ctx, route, told, usual_ms) for told in tolds)
    except Skip:
        return None
    mails = [sent for _, sent in found if sent is not None]
    return Waits(count, sum(waited for waited, _ in found), sum(mails) if mails else None)


async def _waits(ctx: Context, route: WebhookRoute, told: Told, usual_ms: float) -> tuple[bool, bool | None]:
    intent = str(told.event["data"]["object"]["id"])
    async with await ctx.stripe.fault({"kind": "slow", "seconds": _SLOW_S}, object=intent):
        answer = await ctx.deliver(route, told.event, timeout=_LONGEST_S)
        has_sent = bool(ctx.mail.messages(to=told.payment.email)) if told.payment and sees_mail(ctx) else None
    return answer.elapsed_ms - usual_ms > _SLOW_S * 600, has_sent
