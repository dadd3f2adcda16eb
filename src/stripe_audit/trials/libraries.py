"""Which of Stripe's libraries the target's calls came from, and what of Stripe's past they use."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.errors import Skip
from stripe_audit.stripe_backend.interface import Call

__all__ = ["libraries_seen", "versions_pinned"]


async def libraries_seen(ctx: Context) -> dict[tuple[str, str], str]:
    """Language and version of the libraries in the journal, with where they were seen; none without a journal."""
    calls = await _calls(ctx)
    return {(str(call.sdk["lang"]), str(call.sdk["version"])): "its calls to Stripe" for call in calls if call.sdk}


async def versions_pinned(ctx: Context) -> list[str]:
    """The API versions that the target's calls were pinned to, sorted; none without a journal."""
    return sorted({call.stripe_version for call in await _calls(ctx) if call.stripe_version})


async def _calls(ctx: Context) -> list[Call]:
    try:
        return await ctx.stripe.journal(caller="target")
    except Skip:
        return []
