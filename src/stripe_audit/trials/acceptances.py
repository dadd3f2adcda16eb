"""Genuine webhook events in unusual forms, each of which a sound endpoint takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.deployment.transport import Answer, Headers
from stripe_audit.errors import Inconclusive
from stripe_audit.trials.events import effect_of, fitting_event
from stripe_audit.trials.forgeries import accepts_forgery
from stripe_audit.trials.together import together

__all__ = ["Form", "Taken", "try_forms"]

Form = Callable[[Mapping[str, Any], str, int], tuple[bytes, Headers]]
"""From an event, the endpoint's secret and the time in Unix seconds: the body and the headers to send."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An event in one form, and whether it was taken: acknowledged, and acted upon where that can be told."""

    name: str
    answer: Answer
    is_taken: bool


async def try_forms(ctx: Context, route: WebhookRoute, forms: Mapping[str, Form]) -> list[Taken]:
    """Deliver a genuine event in each form.

    Where a wrong signature is refused, a 2xx shows that a form was verified, and one event serves for all. Elsewhere
    each form gets an event of its own, and its effect on the order counts. Raises Inconclusive where no form is taken.
    """
    is_telling = not await accepts_forgery(ctx, route)
    shared = await fitting_event(ctx, route) if is_telling else None

    async def tried(name: str, form: Form) -> Taken:
        told = shared or await fitting_event(ctx, route)
        body, headers = form(told.event, route.secret or "", int(time.time()))
        answer = await ctx.deliver(route, body, headers=headers)
        if answer.status == 429:
            raise Inconclusive("a webhook event is answered 429", supply="a higher rate limit for webhook events")
        has_effect = is_telling or await effect_of(ctx, told, within=ctx.patience)
        return Taken(name, answer, answer.is_success and bool(has_effect))

    found = await together(tried(name, form) for name, form in forms.items())
    if not any(one.is_taken for one in found):
        if is_telling:
            statuses = ", ".join(sorted({str(one.answer.status) for one in found}))
            raise Inconclusive(
                f"no form of a genuine event is taken (answered {statuses})",
                supply="target.routes.webhook[].secret; see webhook-genuine-event-accepted",
            )
        raise Inconclusive("a wrong signature is answered 2xx too, and no effect shows", supply="observers.order")
    return found
