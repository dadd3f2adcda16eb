"""Stripe's resources: one file per family, each with its routes."""

from __future__ import annotations

from stripe_audit.emulator.resources import (
    accounts,
    catalogue,
    charges,
    customers,
    events,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
    stripecli,
    tokens,
    webhook_endpoints,
)
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *catalogue.ROUTES,
    *charges.ROUTES,
    *customers.ROUTES,
    *events.ROUTES,
    *payment_intents.ROUTES,
    *payment_methods.ROUTES,
    *refunds.ROUTES,
    *setup_intents.ROUTES,
    *stripecli.ROUTES,
    *tokens.ROUTES,
    *webhook_endpoints.ROUTES,
)
