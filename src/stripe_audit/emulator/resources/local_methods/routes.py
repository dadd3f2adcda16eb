"""The routes that exist because of payment methods other than cards."""

from __future__ import annotations

from stripe_audit.emulator.resources.local_methods import cash_balances, mandates, verification
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (*cash_balances.ROUTES, *mandates.ROUTES, *verification.ROUTES)
