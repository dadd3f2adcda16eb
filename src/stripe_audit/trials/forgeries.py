"""Sending forged webhook events, and finding out whether they had an effect."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.deployment.transport import Answer
from stripe_audit.models import Effect
from stripe_audit.observers.interface import Order
from stripe_audit.trials.events import Told, effect_of, fitting_event
from stripe_audit.webhooks.bodies import body_of
from stripe_audit.webhooks.forgeries import Forgery, forged_header, genuine_header

__all__ = ["Tried", "accepts_anything", "accepts_forgery", "try_forgeries"]

_SETTLING_S = 0.3
"""How long a refused event is watched: an effect that comes anyway comes at once, or from a queue a moment later."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one forgery. ``effect`` is the order that changed, if one did; ``is_visible`` whether it would."""

    forgery: Forgery
    answer: Answer
    effect: Order | None
    is_visible: bool


async def try_forgeries(ctx: Context, route: WebhookRoute, forgeries: Sequence[Forgery]) -> list[Tried]:
    """Send each forgery of an event that Stripe really has and the target has not been told of.

    The event is true, only its signature is not: whoever asks Stripe finds it confirmed, so an effect shows that the
    event was acted upon. A forgery that had an effect uses its event up; the next one gets a new event. Where all were
    refused and an effect came all the same, each is tried again with an event of its own.
    """
    tried: list[Tried] = []
    told = None
    for forgery in forgeries:
        told = told or await fitting_event(ctx, route)
        one = await _try(ctx, route, forgery, told, within=0.0)
        tried.append(one)
        told = None if one.effect else told
    if told and any(not one.answer.is_success for one in tried) and await effect_of(ctx, told, within=_SETTLING_S):
        again = {one.forgery.id: one for one in tried if one.answer.is_success}
        for one in tried:
            if one.forgery.id not in again:
                fresh = await fitting_event(ctx, route)
                again[one.forgery.id] = await _try(ctx, route, one.forgery, fresh, within=_SETTLING_S)
        tried = [again[one.forgery.id] for one in tried]
    return tried


async def _try(ctx: Context, route: WebhookRoute, forgery: Forgery, told: Told, *, within: float) -> Tried:
    """One forgery; what was accepted is waited for in full, what was refused for ``within`` seconds."""
    body = body_of(told.event)
    headers = forged_header(forgery, body, route.secret or secrets.token_hex(16), int(time.time()))
    answer = await ctx.deliver(route, body + b" " if forgery.alters else body, headers=headers, effect=Effect.PROBE)
    changed = await effect_of(ctx, told, within=ctx.patience if answer.is_success else within)
    return Tried(forgery, answer, changed, told.payment is not None)


async def accepts_anything(ctx: Context, route: WebhookRoute) -> bool:
    """A control: whether the endpoint answers 2xx even to a body that is no event and carries no signature."""
    answer = await ctx.deliver(route, b"no event at all", headers={}, effect=Effect.PROBE)
    return answer.is_success


async def accepts_forgery(ctx: Context, route: WebhookRoute) -> bool:
    """A control: whether an event of an invented type, wrongly signed, is answered 2xx. If not, a 2xx to a right
    signature shows that it was verified.
    """
    event = await ctx.stripe.synthesize("stripe_audit.forged", {"id": f"forged_{ctx.tag}", "object": "forged"})
    body = body_of(event)
    headers = genuine_header(body, "whsec_aW5vdGhlcnNlY3JldGFub3RoZXI", int(time.time()))
    return (await ctx.deliver(route, body, headers=headers, effect=Effect.PROBE)).is_success
