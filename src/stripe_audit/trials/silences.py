"""Stripe says nothing at all while the target asks it for a payment."""

from __future__ import annotations

import time
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.trials.outages import learn_creation

__all__ = ["Silence", "keep_silent"]


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a customer waited. ``answer`` is None where none came: within the limit, unless ``why`` says else."""

    waited_s: float
    calls: int
    answer: Answer | None
    why: str = ""


async def keep_silent(ctx: Context, *, limit_s: float) -> Silence:
    """Ask for a payment while Stripe answers none of the calls for it, and wait so long at most.

    Raises Inconclusive where a payment's calls cannot be told from those of others, or none was met.
    """
    creation = await learn_creation(ctx)
    values = ctx.payments.fresh()
    part = creation.of(values)
    if part is None:
        raise Inconclusive(
            "the target's call to Stripe has nothing that tells one order from another",
            supply="the order's reference in the PaymentIntent's metadata",
        )
    mark, answer, why = await ctx.stripe.mark(), None, ""
    silence = {"kind": "timeout", "seconds": limit_s + 30}
    async with await ctx.stripe.fault(silence, method="POST", path=creation.path, params=part) as fault:
        began = time.monotonic()
        try:
            answer = await ctx.target.call("create_payment", values, timeout=limit_s)
        except TargetError as error:
            why = error.message
        waited_s = time.monotonic() - began
        calls = await fault.hits()
    if not calls:
        seen = await ctx.stripe.journal(since=mark, caller="target")
        calls = sum(call.fault == fault.id for call in seen)
    if not calls:
        raise Inconclusive("the target did not ask Stripe for a second payment as it did for the first")
    return Silence(waited_s, calls, answer, why)
