"""The routes of checkout."""

from __future__ import annotations

from stripe_audit.emulator.resources.checkout import payment_pages, sessions, shipping
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (*payment_pages.ROUTES, *sessions.ROUTES, *shipping.ROUTES)
