"""The routes of issued cards."""

from __future__ import annotations

from stripe_audit.emulator.resources.issuing import authorizations, cards, disputes, transactions
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (*authorizations.ROUTES, *cards.ROUTES, *disputes.ROUTES, *transactions.ROUTES)
