"""Which of Stripe's libraries the target's calls came from, and what of Stripe's past they use."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.errors import Skip

__all__ = ["libraries_seen"]


async def libraries_seen(ctx: Context) -> dict[tuple[str, str], str]:
    """Language and version of the libraries in the journal, with where they were seen; none without a journal."""
    try:
        calls = await ctx.stripe.journal(caller="target")
    except Skip:
        return {}
    return {(str(call.sdk["lang"]), str(call.sdk["version"])): "its calls to Stripe" for call in calls if call.sdk}
