"""The routes of sources."""

from __future__ import annotations

from stripe_audit.emulator.resources.sources import customer_sources, sources
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (*customer_sources.ROUTES, *sources.ROUTES)
