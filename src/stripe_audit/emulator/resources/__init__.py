"""Stripe's resources: one file per family, each with its routes."""

from __future__ import annotations

from stripe_audit.emulator.resources import (
    balance,
    catalogue,
    charges,
    confirmation_tokens,
    customer_access,
    customers,
    event_destinations,
    events,
    files,
    identity,
    meters,
    payment_intents,
    payment_methods,
    refunds,
    reporting,
    setup_intents,
    stripecli,
    tokens,
    v2_events,
    webhook_endpoints,
)
from stripe_audit.emulator.resources.billing import routes as billing
from stripe_audit.emulator.resources.checkout import routes as checkout
from stripe_audit.emulator.resources.connect import routes as connect
from stripe_audit.emulator.resources.issuing import routes as issuing
from stripe_audit.emulator.resources.local_methods import routes as local_methods
from stripe_audit.emulator.resources.money import routes as money
from stripe_audit.emulator.resources.sources import routes as sources
from stripe_audit.emulator.routes import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *balance.ROUTES,
    *billing.ROUTES,
    *catalogue.ROUTES,
    *charges.ROUTES,
    *checkout.ROUTES,
    *confirmation_tokens.ROUTES,
    *customer_access.ROUTES,
    *customers.ROUTES,
    *event_destinations.ROUTES,
    *events.ROUTES,
    *files.ROUTES,
    *identity.ROUTES,
    *issuing.ROUTES,
    *meters.ROUTES,
    *connect.ROUTES,
    *money.ROUTES,
    *local_methods.ROUTES,
    *payment_intents.ROUTES,
    *payment_methods.ROUTES,
    *refunds.ROUTES,
    *reporting.ROUTES,
    *setup_intents.ROUTES,
    *sources.ROUTES,
    *stripecli.ROUTES,
    *tokens.ROUTES,
    *v2_events.ROUTES,
    *webhook_endpoints.ROUTES,
)
