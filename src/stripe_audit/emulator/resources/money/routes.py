"""The routes of everything about money that is disputed, paid out, passed on or brought in."""

from __future__ import annotations

from stripe_audit.emulator.resources.money import application_fees, disputes, payouts, radar, topups, transfers
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *application_fees.ROUTES,
    *disputes.ROUTES,
    *payouts.ROUTES,
    *radar.ROUTES,
    *topups.ROUTES,
    *transfers.ROUTES,
)
