"""All routes of billing."""

from __future__ import annotations

from stripe_audit.emulator.resources.billing import (
    coupons,
    customer_balance,
    discounts,
    invoice_items,
    invoice_lines,
    invoice_payments,
    invoices,
    plans,
    promotion_codes,
    tax_ids,
    tax_rates,
    timeline,
)
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

_ = timeline  # registers what happens as time passes

ROUTES: tuple[Route, ...] = (
    *coupons.ROUTES,
    *customer_balance.ROUTES,
    *discounts.ROUTES,
    *invoice_items.ROUTES,
    *invoice_lines.ROUTES,
    *invoice_payments.ROUTES,
    *invoices.ROUTES,
    *plans.ROUTES,
    *promotion_codes.ROUTES,
    *tax_ids.ROUTES,
    *tax_rates.ROUTES,
)
