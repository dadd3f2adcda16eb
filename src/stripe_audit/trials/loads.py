"""Webhook events on a schedule that waits for nobody, so many of them: ``stripe-audit load`` does it at length."""

from __future__ import annotations

from stripe_audit.context import Context
from stripe_audit.load.figures import Loaded
from stripe_audit.load.judging import LoadFlaw, flaws_of
from stripe_audit.load.running import LoadAsked
from stripe_audit.load.running import put_under_load as _put_under_load

__all__ = ["LoadFlaw", "Loaded", "flaws_of", "put_under_load"]


async def put_under_load(ctx: Context, *, rate: float, seconds: float) -> Loaded:
    """So many events a second, for so long; a tenth of them are sent twice.

    Whoever does it uses ``load``, ``deliveries`` and ``target`` alone. Raises Inconclusive where an order that is told
    of gently is not paid.
    """
    return await _put_under_load(ctx, LoadAsked(rate, seconds))
