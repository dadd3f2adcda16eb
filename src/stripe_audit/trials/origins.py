"""Asking the target as a browser does for a page of another origin: with ``Origin``, and with preflights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer, origin_of
from stripe_audit.errors import TargetError
from stripe_audit.models import Effect
from stripe_audit.trials.pages import api_answers, page_values
from stripe_audit.trials.together import together

__all__ = ["ODD_HEADER", "ODD_METHOD", "Crossing", "cross_from", "is_foreign"]

ODD_METHOD, ODD_HEADER = "DELETE", "x-stripe-audit-asks"
_WRITING = ("create_payment", "customer")


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a page of an origin gets: answers to what it reads, and to preflights for what it would post, by label.

    ``further`` are answers to preflights for another method and a header that no API has (ODD_METHOD, ODD_HEADER),
    asked where the first was granted.
    """

    origin: str
    reads: Mapping[str, Answer]
    preflights: Mapping[str, Answer]
    further: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Answer]:
        """All of them."""
        return {**self.reads, **{f"preflight of {label}": answer for label, answer in self.preflights.items()}}


async def cross_from(ctx: Context, origin: str) -> Crossing:
    """Read the API from a page of an origin, and ask whether that page may post JSON. Nothing is posted."""
    roles = [role for role in _WRITING if ctx.target.has(role)]
    reads = await api_answers(ctx, headers={"Origin": origin})
    preflights = await _preflights(ctx, roles, origin)
    granted = [role for role in roles if _is_granted(preflights.get(ctx.target.route(role).label), origin)]
    further = await _preflights(ctx, granted, origin, method=ODD_METHOD, header=ODD_HEADER)
    return Crossing(origin, reads, preflights, further)


def _is_granted(answer: Answer | None, origin: str) -> bool:
    return answer is not None and (answer.header("access-control-allow-origin") or "").strip() in ("*", origin)


async def _preflights(
    ctx: Context, roles: Sequence[str], origin: str, *, method: str = "", header: str = "content-type"
) -> dict[str, Answer]:
    asked = await together(_preflight(ctx, role, origin, method, header) for role in roles)
    return {ctx.target.route(role).label: answer for role, answer in zip(roles, asked, strict=True) if answer}


async def _preflight(ctx: Context, role: str, origin: str, method: str, header: str) -> Answer | None:
    route, values = ctx.target.route(role), page_values(ctx)
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method or route.method,
        "Access-Control-Request-Headers": header,
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
