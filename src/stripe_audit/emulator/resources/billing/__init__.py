"""Billing: coupons, tax rates, plans, invoices, subscriptions, their schedules, credit notes, quotes, test clocks."""

from __future__ import annotations

from stripe_audit.emulator.resources.billing import coupons, plans, promotion_codes, tax_rates
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *coupons.ROUTES,
    *plans.ROUTES,
    *promotion_codes.ROUTES,
    *tax_rates.ROUTES,
)
