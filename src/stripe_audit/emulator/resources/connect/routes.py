"""The routes of connected accounts."""

from __future__ import annotations

from stripe_audit.emulator.resources.connect import accounts, capabilities, external_accounts, links, persons
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *capabilities.ROUTES,
    *external_accounts.ROUTES,
    *links.ROUTES,
    *persons.ROUTES,
)
