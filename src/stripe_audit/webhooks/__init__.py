"""Webhook events as the target meets them: their bodies, their catalogue, and forgeries of their signatures."""

from __future__ import annotations

from stripe_audit.webhooks.bodies import SPELLINGS, body_of, is_thin, thin_event
from stripe_audit.webhooks.catalogue import event_types, nearest_type
from stripe_audit.webhooks.endpoints import (
    Registered,
    doubled,
    endpoints_at,
    is_out_of_reach,
    nearly_at,
    registered,
    train_of,
)
from stripe_audit.webhooks.forgeries import (
    FORGERIES,
    PLACEHOLDER_KEYS,
    TOLERANCE_S,
    Forgery,
    forged_header,
    genuine_header,
    signed_for_another,
)
from stripe_audit.webhooks.malformed import MALFORMED, UNSIGNED_AND_HUGE, UNSIGNED_BOMB, Malformed

__all__ = [
    "FORGERIES",
    "MALFORMED",
    "PLACEHOLDER_KEYS",
    "SPELLINGS",
    "TOLERANCE_S",
    "UNSIGNED_AND_HUGE",
    "UNSIGNED_BOMB",
    "Forgery",
    "Malformed",
    "Registered",
    "body_of",
    "doubled",
    "endpoints_at",
    "event_types",
    "forged_header",
    "genuine_header",
    "is_out_of_reach",
    "is_thin",
    "nearest_type",
    "nearly_at",
    "registered",
    "signed_for_another",
    "thin_event",
    "train_of",
]
