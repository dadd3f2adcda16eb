"""All routes of billing."""

from __future__ import annotations

from stripe_audit.emulator.resources.billing import (
    coupons,
    credit_notes,
    customer_balance,
    discounts,
    invoice_items,
    invoice_lines,
    invoice_payments,
    invoices,
    plans,
    previews,
    promotion_codes,
    quotes,
    subscription_items,
    subscription_schedules,
    subscription_timeline,
    subscriptions,
    tax_ids,
    tax_rates,
    test_clocks,
)
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

_ = subscription_timeline  # registers what happens as time passes

ROUTES: tuple[Route, ...] = (
    *coupons.ROUTES,
    *credit_notes.ROUTES,
    *customer_balance.ROUTES,
    *discounts.ROUTES,
    *invoice_items.ROUTES,
    *invoice_lines.ROUTES,
    *invoice_payments.ROUTES,
    *invoices.ROUTES,
    *plans.ROUTES,
    *previews.ROUTES,
    *promotion_codes.ROUTES,
    *quotes.ROUTES,
    *subscription_items.ROUTES,
    *subscription_schedules.ROUTES,
    *subscriptions.ROUTES,
    *tax_ids.ROUTES,
    *tax_rates.ROUTES,
    *test_clocks.ROUTES,
)
