"""Failures of Stripe while the target asks it for a payment, and what the target makes of them.

The calls that fail are the target's own, for orders that the experiment makes. They are known by where an earlier
order's reference or address stood in the target's call; where neither stands in it, one outage follows the other, and
all calls to that path fail meanwhile. So whoever tries outages uses the target alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, Skip, StripeError, TargetError
from stripe_audit.observers.interface import Order
from stripe_audit.payments import Attempted, Payment
from stripe_audit.trials.stripe_calls import place_of

__all__ = ["OUTAGES", "STRIPE_SAYS", "Creation", "Outage", "Survived", "learn_creation", "order_if_seen", "try_outages"]

STRIPE_SAYS = "A message of the audit that only Stripe's error holds"
"""The text of the error, so that it is known again where the target passes it on."""
_SLOW_S = 0.6
_LIMIT_S = 20.0
"""The longest that the experiment waits for an answer. Stripe's libraries wait 80 s; few customers do."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A way in which Stripe fails; ``action`` as in the emulator's control API."""

    id: str
    title: str
    action: Mapping[str, Any] = field(repr=False)


_SLOW = Outage("slow", f"Stripe takes {_SLOW_S:g} s to answer", {"kind": "slow", "seconds": _SLOW_S})
_FAILING = (
    # Not saved: an outage stands before the endpoint, and an order's own idempotency key is good again after it.
    Outage("error", "Stripe answers 500", {"kind": "status", "status": 500, "saved": False, "message": STRIPE_SAYS}),
    Outage("rate-limit", "Stripe answers 429", {"kind": "rate_limit"}),
    Outage("reset", "the connection to Stripe is reset", {"kind": "reset_before"}),
    Outage("malformed", "Stripe's answer is broken JSON", {"kind": "malformed"}),
)
OUTAGES = (*_FAILING, _SLOW)


@dataclass(frozen=True, slots=True)
class Survived:
    """What came of one outage.

    ``answer`` is the target's, None where none came (``why``). ``is_offered``: it holds a payment that Stripe knows.
    ``hits`` counts the calls that failed. ``later`` is the answer to the same order after the outage, and ``is_paid``
    whether that could be paid; ``is_new_paid`` the same of a new order, None where the first was enough. ``silence_s``
    is the longest that a request which needs no Stripe waited meanwhile. ``order`` is how the target's record of it
    stood once it had failed, None where there is none or that is not seen.
    """

    outage: Outage
    answer: Answer | None
    why: str
    is_offered: bool
    hits: int
    later: Answer | None
    is_paid: bool
    is_new_paid: bool | None
    silence_s: float = 0.0
    order: Order | None = None

    @property
    def later_told(self) -> str:
        """The answer after the outage, in words."""
        return f"answered {self.later.status}" if self.later else "no answer"

    @property
    def is_sold(self) -> bool:
        """Whether the target's record says paid or handed over, though no payment was made."""
        return self.order is not None and (self.order.is_paid or bool(self.order.fulfilled))

    @property
    def is_stalled(self) -> bool:
        """Whether everybody waited with the one whose payment was slow."""
        return self.silence_s > 0.65 * _SLOW_S


@dataclass(frozen=True, slots=True)
class Creation:
    """How the target makes a payment at Stripe: the call, and where in it an order can be told."""

    path: str
    params: Mapping[str, Any]
    sample: Mapping[str, Any]

    def of(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The part of the call that is this order's alone; None where no part is."""
        for name in ("order", "email"):
            earlier = str(self.sample[name])
            if (place := place_of(self.params, earlier)) is not None:
                told: dict[str, Any] = json.loads(json.dumps(place).replace(earlier, str(values[name])))
                return told
        return None


async def learn_creation(ctx: Context) -> Creation:
    """How the target makes a payment at Stripe, from one that it makes now.

    Raises Inconclusive where that does not work, or is not done while it is asked for.
    """
    mark = await ctx.stripe.mark()
    control = await ctx.payments.new()
    calls = await ctx.stripe.journal(object=control.intent, since=mark, caller="target")
    call = next((call for call in calls if call.method == "POST" and call.object == control.intent), None)
    if call is None:
        raise Inconclusive("the target does not create the PaymentIntent while create_payment is answered")
    return Creation(call.path, call.params, control.values)


async def try_outages(ctx: Context) -> list[Survived]:
    """Every outage, each with an order of its own: at the same time, where the target's calls can be told apart.

    Raises Inconclusive as ``learn_creation`` does.
    """
    creation = await learn_creation(ctx)
    if creation.of(creation.sample) is not None:
        seen = list(await asyncio.gather(*(_survive(ctx, outage, creation) for outage in _FAILING)))
    else:
        seen = [await _survive(ctx, outage, creation) for outage in _FAILING]
    slow = await _survive(ctx, _SLOW, creation)
    if slow.is_stalled:  # once may be the machine's fault
        again = await _survive(ctx, _SLOW, creation)
        slow = replace(again, silence_s=min(slow.silence_s, again.silence_s))
    return [*seen, slow]


async def _survive(ctx: Context, outage: Outage, creation: Creation) -> Survived:
    values, mark = ctx.payments.fresh(), await ctx.stripe.mark()
    params = creation.of(values) or {}
    async with await ctx.stripe.fault(outage.action, method="POST", path=creation.path, params=params) as fault:
        answering = asyncio.create_task(_ask(ctx, values))
        silence_s = await _longest_silence(ctx, answering) if outage is _SLOW else 0.0
        answer, why = await answering
    calls = await ctx.stripe.journal(since=mark, caller="target")
    hits = sum(call.fault == fault.id for call in calls)
    is_offered = await _payment_in(ctx, answer, values) is not None
    order = None if is_offered else await order_if_seen(ctx, str(values["order"]))
    later, is_paid = await _pay_later(ctx, values)
    is_new_paid = None if is_paid else (await _pay_later(ctx, ctx.payments.fresh()))[1]
    return Survived(outage, answer, why, is_offered, hits, later, is_paid, is_new_paid, silence_s, order)


async def order_if_seen(ctx: Context, reference: str) -> Order | None:
    """The target's record of an order that it may not have; None where it has none, or where that is not seen."""
    try:
        return await ctx.orders.read(reference)
    except (Skip, Inconclusive, TargetError):
        return None


async def _longest_silence(ctx: Context, answering: asyncio.Task[Any]) -> float:
    """Ask for something that needs no Stripe until the payment is answered: the longest wait, in seconds."""
    longest, role = 0.0, next((role for role in ("health", "catalogue", "page") if ctx.target.has(role)), None)
    while role and not answering.done():
        began = time.monotonic()
        with contextlib.suppress(TargetError):
            await ctx.target.call(role, timeout=_LIMIT_S)
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(0.05)
    return longest


async def _ask(ctx: Context, values: Mapping[str, Any]) -> tuple[Answer | None, str]:
    try:
        return await ctx.target.call("create_payment", values, timeout=_LIMIT_S), ""
    except TargetError as error:
        return None, str(error)


async def _payment_in(ctx: Context, answer: Answer | None, values: Mapping[str, Any]) -> Payment | None:
    """The payment that an answer offers, if Stripe knows it."""
    if answer is None:
        return None
    try:
        payment = ctx.payments.read(Attempted(str(values["order"]), answer, values), ctx.payments.item())
        await ctx.stripe.get(f"/v1/payment_intents/{payment.intent}")
    except (Inconclusive, StripeError):
        return None
    return payment


async def _pay_later(ctx: Context, values: Mapping[str, Any]) -> tuple[Answer | None, bool]:
    """Ask for the order's payment with Stripe well again, and pay it; Retry-After is honoured."""
    try:
        attempted = await ctx.payments.attempt(values)
    except TargetError:
        return None, False
    wait = attempted.answer.header("retry-after") or ""
    if attempted.answer.status == 503 and wait.isdigit() and 0 < int(wait) <= ctx.patience:
        await asyncio.sleep(int(wait))
        attempted = await ctx.payments.attempt(values)
    payment = await _payment_in(ctx, attempted.answer, values)
    return attempted.answer, payment is not None and (await ctx.payments.confirm(payment)).state == "succeeded"
