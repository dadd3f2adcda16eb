"""Asking the target as a browser does for a page of another origin: with ``Origin``, and with preflights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer, origin_of
from stripe_audit.errors import TargetError
from stripe_audit.models import Effect
from stripe_audit.trials.pages import api_answers, page_values
from stripe_audit.trials.together import together

__all__ = ["Crossing", "cross_from", "is_foreign"]

_WRITING = ("create_payment", "customer")


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a page of an origin gets: answers to what it reads, and to preflights for what it would post, by label."""

    origin: str
    reads: Mapping[str, Answer]
    preflights: Mapping[str, Answer]

    @property
    def answers(self) -> dict[str, Answer]:
        """All of them."""
        return {**self.reads, **{f"preflight of {label}": answer for label, answer in self.preflights.items()}}


async def cross_from(ctx: Context, origin: str) -> Crossing:
    """Read the API from a page of an origin, and ask whether that page may post JSON. Nothing is posted."""
    roles = [role for role in _WRITING if ctx.target.has(role)]
    reads = await api_answers(ctx, headers={"Origin": origin})
    preflights = zip(roles, await together(_preflight(ctx, role, origin) for role in roles), strict=True)
    return Crossing(origin, reads, {ctx.target.route(role).label: answer for role, answer in preflights if answer})


async def _preflight(ctx: Context, role: str, origin: str) -> Answer | None:
    route, values = ctx.target.route(role), page_values(ctx)
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": route.method,
        "Access-Control-Request-Headers": "content-type",
    }
    for is_https in (True, False) if ctx.spec.https_url else (False,):
        base = (ctx.spec.https_url if is_https else ctx.spec.url) or ""
        path = ctx.target.url_of(role, values, is_https=is_https).removeprefix(base)
        try:
            return await ctx.request(
                "OPTIONS", path, effect=Effect.READ, is_https=is_https, headers=asked, route=route.label
            )
        except TargetError:
            continue
    return None


def is_foreign(ctx: Context, url: str | None) -> bool:
    """Whether an address is there and has another origin than the target's own."""
    own = [origin_of(base) for base in (ctx.spec.url, ctx.spec.https_url) if base]
    return bool(url) and origin_of(url or "") not in own
