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


_ENOUGH = 3


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
    event was acted upon. A forgery that had an effect uses its event up; the next one gets a new event. Of those that
    were accepted, the first without an effect is waited for, and the rest together; where an effect comes late, or
    though all were refused, each is tried again with an event of its own. Where the first few all had an effect nothing
    is verified, and the rest, which would each cost a payment, are left out.
    """
    tried: list[Tried] = []
    told = None
    for forgery in forgeries:
        if len(tried) >= _ENOUGH and all(one.effect for one in tried):
            break
        told = told or await fitting_event(ctx, route)
        has_waited = any(one.answer.is_success and not one.effect for one in tried)
        tried.append(await _try(ctx, route, forgery, told, patience=0.0 if has_waited else ctx.patience))
        told = None if tried[-1].effect else told
    if not told or all(one.effect for one in tried):
        return tried
    has_accepted = any(one.answer.is_success and not one.effect for one in tried)
    if not await effect_of(ctx, told, within=ctx.patience if has_accepted else _SETTLING_S):
        return tried
    return [one if one.effect else await _try_alone(ctx, route, one.forgery) for one in tried]


async def _try_alone(ctx: Context, route: WebhookRoute, forgery: Forgery) -> Tried:
    """One forgery with an event of its own; one that is refused is watched a moment all the same."""
    told = await fitting_event(ctx, route)
    return await _try(ctx, route, forgery, told, patience=ctx.patience, when_refused=_SETTLING_S)


async def _try(
    ctx: Context, route: WebhookRoute, forgery: Forgery, told: Told, *, patience: float, when_refused: float = 0.0
) -> Tried:
    """One forgery; what was accepted is waited for as long as ``patience`` says, in seconds."""
    body = body_of(told.event)
    headers = forged_header(forgery, body, route.secret or secrets.token_hex(16), int(time.time()))
    answer = await ctx.deliver(route, body + b" " if forgery.alters else body, headers=headers, effect=Effect.PROBE)
    changed = await effect_of(ctx, told, within=patience if answer.is_success else when_refused)
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
