"""Checks whose verdict a defect changes beside its own check's, since they need what it breaks."""

from __future__ import annotations

__all__ = ["ALL_EVENTS_LOST", "MAIN_JOURNEYS_LOST", "WITH_A_CONTROL"]

MAIN_JOURNEYS_LOST = (
    "authorised-is-not-paid",
    "checkout-declined-then-paid",
    "checkout-fulfilled-once-paid",
    "checkout-in-every-currency",
    "checkout-orders-explored",
    "delayed-payment-arrives",
    "delayed-payment-fails",
    "dispute-followed",
    "expired-checkout-closes-order",
    "refund-in-every-currency",
    "refund-is-not-undone",
    "subscription-canceled",
    "unpaid-checkout-not-fulfilled",
    "webhook-survives-load",
)
"""Journeys of which only the main endpoint is told."""
ALL_EVENTS_LOST = (
    *MAIN_JOURNEYS_LOST,
    "declines-then-success",
    "dispute-orders-explored",
    "events-at-once",
    "failed-authentication-then-success",
    "first-try-is-over",
    "journey-in-every-currency",
    "late-success-keeps-part-refund",
    "lost-answer-recovered",
    "orders-explored",
    "processing-payment-waits",
    "refund-in-parts",
    "return-page-believes-nothing",
    "subscription-orders-explored",
    "subscription-overdue",
    "subscription-paid-at-start",
    "subscription-renewed",
    "trial-ends",
    "webhook-mode-checked",
    "webhook-events-handled",
    "payment-status-updated",
    "payment-states-handled",
    "payment-recorded",
    "decline-reported-safely",
    "payment-events-logged",
    "customer-notified",
    "failed-payment-alerted",
    "failed-payment-retryable",
    "failed-renewal-told",
    "webhook-failure-alerted",
    "webhook-failure-retried",
    "webhook-outlives-database",
    "webhook-outlives-mail",
    "one-time-payment-completes",
    "webhook-duplicates-harmless",
    "webhook-events-none-lost",
    "webhook-order-independent",
    "ledger-reconciles",
)
"""Checks that look at what events do."""
WITH_A_CONTROL = (
    "webhook-signature-verified",
    "webhook-replay-rejected",
    "webhook-method-limited",
    "webhook-unknown-event-acknowledged",
    "webhook-malformed-event-rejected",
    "webhook-rolled-secret-accepted",
    "webhook-refusal-disciplined",
    "webhook-acknowledged-quickly",
)
"""Checks that tell nothing of an endpoint which refuses genuine events."""
