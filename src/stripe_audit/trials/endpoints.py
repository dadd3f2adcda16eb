"""Experiments on every webhook endpoint at once, and the genuine event that shows whether an endpoint works at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Ending, Inconclusive, Skip
from stripe_audit.observers.interface import Order
from stripe_audit.trials.events import Told, effect_of, fitting_event
from stripe_audit.trials.forgeries import Tried, accepts_anything, try_forgeries
from stripe_audit.webhooks.bodies import body_of
from stripe_audit.webhooks.forgeries import Forgery

__all__ = ["Delivered", "believed_forgeries", "deliver_genuine", "each_webhook", "need_a_working_endpoint"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A genuine event that was delivered. ``effect`` is the order that changed, if one did."""

    told: Told
    answer: Answer
    effect: Order | None

    @property
    def is_visible(self) -> bool:
        """Whether an effect would show."""
        return self.told.payment is not None


async def each_webhook(
    ctx: Context, experiment: Callable[[Context, WebhookRoute], Awaitable[T]], *, is_signed: bool = True
) -> AsyncIterator[tuple[WebhookRoute, T]]:
    """What an experiment finds at each endpoint, all at once; ``is_signed`` leaves out those of unknown secret.

    An endpoint without a verdict holds up no other one: what ended its experiment is raised in the end.
    """
    routes = [route for route in ctx.spec.webhooks if route.secret or not is_signed]
    for route in ctx.spec.webhooks:
        if route not in routes:
            ctx.note(f"{route.path} was not looked at: its secret is not known (target.routes.webhook[].secret)")
    found = await asyncio.gather(*(experiment(ctx, route) for route in routes), return_exceptions=True)
    endings: list[tuple[WebhookRoute, Ending]] = []
    errors: list[BaseException] = []
    for route, one in zip(routes, found, strict=True):
        if isinstance(one, Ending):
            endings.append((route, one))
        elif isinstance(one, BaseException):
            errors.append(one)
        else:
            yield route, one
    if errors:
        raise errors[0]
    if endings:
        raise _joint(endings, is_all=len(endings) == len(routes))


def _joint(endings: list[tuple[WebhookRoute, Ending]], *, is_all: bool) -> Ending:
    """One ending for several; *skipped* only where nothing at all was looked at."""
    first = endings[0][1]
    if is_all and isinstance(first, Skip):
        return first
    reasons: dict[str, list[str]] = {}
    for route, ending in endings:
        reasons.setdefault(ending.message, []).append(route.path)
    told = "; ".join(f"{', '.join(paths)}: {reason}" for reason, paths in reasons.items())
    return Inconclusive(told, supply=first.setting if isinstance(first, Skip) else getattr(first, "supply", None))


async def deliver_genuine(ctx: Context, route: WebhookRoute, told: Told, *, body: bytes | None = None) -> Delivered:
    """Deliver an event rightly signed, as Stripe would, and wait for its effect. ``body`` is another spelling of it.

    Raises Inconclusive for a 429, which is meant for the sender and not for the event.
    """
    answer = await ctx.deliver(route, body or body_of(told.event))
    if answer.status == 429:
        raise Inconclusive("a webhook event is answered 429", supply="a higher rate limit for webhook events")
    effect = await effect_of(ctx, told, within=ctx.patience if answer.is_success else 0.0)
    return Delivered(told, answer, effect)


async def need_a_working_endpoint(ctx: Context, route: WebhookRoute, told: Told | None = None) -> None:
    """A control, for checks that expect refusals: where the genuine is refused too, a refusal proves nothing.

    Raises Inconclusive unless the endpoint acknowledges a genuine event (``told``, or a new one), and either refuses
    what is no event or shows the genuine one's effect.
    """
    told = told or await fitting_event(ctx, route)
    answer = await ctx.deliver(route, body_of(told.event))
    if not answer.is_success:
        raise Inconclusive(
            f"a genuine event is answered {answer.status} too (exchange {answer.exchange})",
            supply="target.routes.webhook[].secret; see webhook-genuine-event-accepted",
        )
    if await accepts_anything(ctx, route) and not await effect_of(ctx, told, within=ctx.patience):
        raise Inconclusive(
            "everything is answered 2xx, even what is no event, and no effect shows", supply="observers.order"
        )


async def believed_forgeries(ctx: Context, route: WebhookRoute, forgeries: Sequence[Forgery]) -> list[Tried]:
    """The forgeries that an endpoint took for genuine: by their effect, or by a 2xx that not everything gets.

    Raises Inconclusive where refusals or acknowledgements prove nothing.
    """
    tried = await try_forgeries(ctx, route, forgeries)
    believed = [one for one in tried if one.effect or one.answer.is_success]
    if not believed and route.secret:
        await need_a_working_endpoint(ctx, route)
    elif believed and not any(one.effect for one in believed) and await accepts_anything(ctx, route):
        raise Inconclusive(
            "it answers 2xx even to what is no event, and no forgery had a visible effect",
            supply="observers.order, to tell an endpoint that ignores events from one that believes forgeries",
        )
    return believed
