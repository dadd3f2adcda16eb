"""What the target asked of Stripe for the sake of a check, told from the calls of others by the words in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from stripe_audit.context import Context
from stripe_audit.errors import Inconclusive, StripeError
from stripe_audit.observers.interface import eventually
from stripe_audit.payments import Payment
from stripe_audit.stripe_backend.interface import Call

__all__ = ["intent_of", "made", "mentions", "place_of", "refused"]


def mentions(value: Any, words: Collection[str]) -> bool:
    """Whether any text in a JSON-like value contains one of the words."""
    return any(word in text for text in _texts(value) for word in words)


def place_of(value: Any, word: str) -> dict[str, Any] | None:
    """The part of nested parameters that is this word alone, with the keys that lead to it; None if there is none."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            if member == word:
                return {key: word}
            if (found := place_of(member, word)) is not None:
                return {key: found}
    return None


async def intent_of(ctx: Context, payment: Payment) -> dict[str, Any]:
    """A payment's PaymentIntent at Stripe, its latest charge expanded.

    Raises Inconclusive where Stripe has none; the check payment-intent-created says why.
    """
    try:
        return await ctx.stripe.get(f"/v1/payment_intents/{payment.intent}", expand=["latest_charge"])
    except StripeError:
        raise Inconclusive(
            f"the target names a PaymentIntent that is not at Stripe (exchange {payment.answer.exchange})",
            supply="target.routes.create_payment.response.payment_intent",
        ) from None


async def made(
    ctx: Context, path: str, *, since: int, words: Collection[str], within: float | None = None
) -> list[Call]:
    """The calls that made an object of the path's kind and mention one of the words; one call for each object.

    ``within`` so many seconds there must be one; without it, what there is now.
    """

    async def read() -> list[Call]:
        calls = await _calls(ctx, path, since, words)
        by_object = {call.object: call for call in reversed(calls) if call.object and 200 <= call.status < 300}
        return sorted(by_object.values(), key=lambda call: call.seq)

    return await read() if within is None else (await eventually(read, bool, within=within))[0]


async def refused(ctx: Context, path: str, *, since: int, words: Collection[str]) -> list[Call]:
    """The calls to a path that mention one of the words and that Stripe answered with an error."""
    return [call for call in await _calls(ctx, path, since, words) if call.status >= 400]


async def _calls(ctx: Context, path: str, since: int, words: Collection[str]) -> list[Call]:
    calls = await ctx.stripe.journal(since=since, caller="target")
    return [call for call in calls if call.method == "POST" and call.path == path and mentions(call.params, words)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, str):
        yield value
