"""The routes of checkout."""

from __future__ import annotations

from stripe_audit.emulator.resources.checkout import links, payment_pages, portal, sessions, shipping
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *links.ROUTES,
    *payment_pages.ROUTES,
    *portal.ROUTES,
    *sessions.ROUTES,
    *shipping.ROUTES,
)
