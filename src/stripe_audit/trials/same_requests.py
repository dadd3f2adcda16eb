"""Asking for the same payment twice where Stripe's answers to the first request are lost, though it did the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.stripe_backend.interface import Call
from stripe_audit.trials.outages import learn_creation
from stripe_audit.trials.stripe_calls import mentions

__all__ = ["SentTwice", "send_twice"]

_CLOSED = ("canceled",)


@dataclass(frozen=True, slots=True)
class SentTwice:
    """What two requests for the same payment made at Stripe, the answers to the first of them lost.

    ``keys`` are the idempotency keys of the first request's calls, ``later_keys`` those of the second's; in order.
    ``first_intents`` and ``later_intents`` are the PaymentIntents that each made and that are still there to be paid,
    or were: with their status. ``statuses`` are what the target answered, None for no answer.
    """

    keys: tuple[str | None, ...]
    later_keys: tuple[str | None, ...]
    first_intents: Mapping[str, str]
    later_intents: Mapping[str, str]
    statuses: tuple[int | None, int | None]


async def send_twice(ctx: Context) -> SentTwice:
    """Lose the answers to one request's calls, and send the same request again with Stripe well.

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
    words = [str(values["order"]), str(values["email"])]

    async def ask() -> tuple[list[Call], int | None]:
        mark, status = await ctx.stripe.mark(), None
        try:
            status = (await ctx.payments.attempt(values)).answer.status
        except TargetError:
            pass
        calls = await ctx.stripe.journal(since=mark, caller="target")
        return [one for one in calls if _makes(one, creation.path) and mentions(one.params, words)], status

    async with await ctx.stripe.fault({"kind": "reset_after"}, method="POST", path=creation.path, params=part):
        first, status = await ask()
    later, later_status = await ask()
    if not first:
        raise Inconclusive("the target did not ask Stripe for a second payment as it did for the first")
    made = await _open(ctx, first)
    return SentTwice(
        tuple(call.idempotency_key for call in first),
        tuple(call.idempotency_key for call in later),
        made,
        {name: state for name, state in (await _open(ctx, later)).items() if name not in made},
        (status, later_status),
    )


def _makes(call: Call, path: str) -> bool:
    return call.method == "POST" and call.path == path


async def _open(ctx: Context, calls: Sequence[Call]) -> dict[str, str]:
    """The PaymentIntents that the calls made, unless they were cancelled: with their status."""
    names = dict.fromkeys(call.object for call in calls if call.object and call.object.startswith("pi_"))
    states = {name: str((await ctx.stripe.get(f"/v1/payment_intents/{name}"))["status"]) for name in names}
    return {name: state for name, state in states.items() if state not in _CLOSED}
