"""Sending a card number where none belongs, in a request that a sound target refuses, and seeing where it turns up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.target import fill
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Skip, TargetError
from stripe_audit.models import Effect
from stripe_audit.stripe_backend.interface import Call, StripeBackend
from stripe_audit.trials.alterations import extended
from stripe_audit.trials.stripe_calls import mentions
from stripe_audit.trials.submissions import takes

__all__ = ["NumberSent", "send_card_number"]

_REFUSED = {"item": "stripe-audit-no-such-article", "quantity": -1, "amount": -1, "currency": "zzz"}
"""Values of the declared words for which a sound target refuses the request."""


@dataclass(frozen=True, slots=True)
class NumberSent:
    """The answer to a request with a card number, and the calls to Stripe in which the number was passed on."""

    answer: Answer
    calls: Sequence[Call]


async def send_card_number(ctx: Context, number: str) -> NumberSent | None:
    """Send it once, as a probe; None where no request is declared of which it is known that it is refused, or where no
    answer came.
    """
    if not ctx.target.has("create_payment") or not ctx.spec.items:
        return None
    wrong = {word: value for word, value in _REFUSED.items() if takes(ctx, "create_payment", word)}
    if not wrong:
        return None
    stripe = _stripe(ctx)
    mark = await stripe.mark() if stripe else 0
    values = {**ctx.payments.fresh(), **wrong}
    body = extended(fill(ctx.target.route("create_payment").body, values), _card(number))
    try:
        made = await ctx.payments.attempt(values, body=body, effect=Effect.PROBE)
    except TargetError:
        return None
    calls = await stripe.journal(since=mark, caller="target") if stripe else []
    return NumberSent(made.answer, [call for call in calls if mentions(call.params, (number,))])


def _card(number: str) -> Mapping[str, Any]:
    """Members by the names that handlers of card data know."""
    card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "737"}
    return {"card": card, "cardNumber": number, "card_number": number}


def _stripe(ctx: Context) -> StripeBackend | None:
    try:
        return ctx.stripe
    except Skip:
        return None
