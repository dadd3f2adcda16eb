"""Asking the target for a payment with a request that was altered, and seeing what it then asked of Stripe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.target import fill
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, StripeError, TargetError
from stripe_audit.models import Effect
from stripe_audit.trials.stripe_calls import mentions
from stripe_audit.trials.together import together

__all__ = ["Altered", "Asked", "Change", "extended", "request_altered", "value_in_place", "with_members"]

_INTENTS = "/v1/payment_intents"
_AT_ONCE = 6
"""So that a small server is not asked for more at once than a few customers ask for."""
Alteration = Callable[[Any, Mapping[str, Any]], tuple[dict[str, Any], Any]]
"""From the body template and a new order's values: values to fill in, and a whole body or None for the template."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way to alter a request. ``word`` is the value that it concerns, empty for the request as a whole."""

    id: str
    title: str
    word: str
    alter: Alteration


@dataclass(frozen=True, slots=True)
class Asked:
    """What Stripe was asked for: minor units and currency; ``is_made`` tells whether there is a PaymentIntent now."""

    amount: int | None
    currency: str | None
    is_made: bool


@dataclass(frozen=True, slots=True)
class Altered:
    """What came of an altered request. ``answer`` is None where none came, ``trouble`` then says why."""

    change: Change
    answer: Answer | None
    asked: tuple[Asked, ...]
    trouble: str = ""

    @property
    def made(self) -> tuple[Asked, ...]:
        """The PaymentIntents that came of it."""
        return tuple(one for one in self.asked if one.is_made)


def value_in_place(word: str, value: Any) -> Alteration:
    """Fill in another value for a declared word; None leaves its member out."""
    return lambda template, values: ({**values, word: value}, None)


def with_members(members: Mapping[str, Any]) -> Alteration:
    """Add members to every object of the body, in place of those that have the same name."""
    return lambda template, values: (dict(values), extended(fill(template, values), members))


def extended(body: Any, members: Mapping[str, Any]) -> Any:
    """A body with members added to every object in it, in place of those that have the same name."""
    if isinstance(body, Mapping):
        return {**{key: extended(value, members) for key, value in body.items()}, **members}
    return [extended(value, members) for value in body] if isinstance(body, list) else body


async def request_altered(ctx: Context, changes: Sequence[Change], *, effect: Effect) -> list[Altered]:
    """Send each altered request for an order of its own, a few at the same time, and read what Stripe was asked for.

    What Stripe was asked is told by the order and the e-mail address that the target passes on, and by the answer.
    """
    mark = await ctx.stripe.mark()
    turns = asyncio.Semaphore(_AT_ONCE)
    sent = await together(_send(ctx, change, effect, turns) for change in changes)
    calls = await ctx.stripe.journal(since=mark, caller="target")
    creations = [call for call in calls if call.method == "POST" and call.path == _INTENTS]
    found = []
    for change, words, answer, trouble in sent:
        own = [call for call in creations if mentions(call.params, words)]
        refused = tuple(Asked(*_terms(call.params), is_made=False) for call in own if call.status >= 400)
        named = {call.object for call in own if call.object and call.status < 300} | _offered(ctx, answer)
        made = [terms for intent in sorted(named) if (terms := await _terms_of(ctx, intent))]
        found.append(Altered(change, answer, (*made, *refused), trouble))
    return found


async def _send(
    ctx: Context, change: Change, effect: Effect, turns: asyncio.Semaphore
) -> tuple[Change, Collection[str], Answer | None, str]:
    fresh = ctx.payments.fresh()
    words = (str(fresh["order"]), str(fresh["email"]))
    values, body = change.alter(ctx.target.route("create_payment").body, fresh)
    try:
        async with turns:
            return change, words, (await ctx.payments.attempt(values, body=body, effect=effect)).answer, ""
    except TargetError as error:
        return change, words, None, str(error)


def _offered(ctx: Context, answer: Answer | None) -> set[str]:
    """The PaymentIntent that an answer hands out, where it hands one out."""
    if answer is None or not answer.is_success:
        return set()
    try:
        secret = str(ctx.target.mapped("create_payment", answer, "client_secret")["client_secret"])
    except Inconclusive:
        return set()
    return {secret.split("_secret_")[0]} if secret.startswith("pi_") else set()


async def _terms_of(ctx: Context, intent: str) -> Asked | None:
    try:
        return Asked(*_terms(await ctx.stripe.get(f"{_INTENTS}/{intent}")), is_made=True)
    except StripeError:  # the answer names one that Stripe does not have
        return None


def _terms(stated: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Amount and currency, as a call or an object states them."""
    amount, currency = str(stated.get("amount", "")), stated.get("currency")
    is_whole = amount.removeprefix("-").isdecimal() and len(amount) <= 18
    return int(amount) if is_whole else None, str(currency).lower() if currency else None
