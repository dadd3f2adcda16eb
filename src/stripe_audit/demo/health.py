"""What the shop says of its own health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from stripe_audit.demo.app import Shop

__all__ = ["health_of"]


def health_of(shop: Shop) -> web.Response:
    """503 where the shop cannot work; a Stripe that does not answer is told, and no reason to be taken out of service.

    Stripe is not asked for this: it is known from the last call that was made anyway.
    """
    has_database, has_stripe = shop.store.is_writable(), shop.stripe.is_reachable
    told = {
        "status": "ok" if has_database and has_stripe else "degraded" if has_database else "failing",
        "database": "ok" if has_database else "unavailable",
        "stripe": "ok" if has_stripe else "unreachable",
    }
    return web.json_response(told, status=200 if has_database else 503)
