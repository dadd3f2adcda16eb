"""stripe-audit: proves that a Stripe integration takes money correctly.

This is what the author of a check imports. Names are loaded when they are first used (PEP 562), so that the command
line starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stripe_audit import keys, money, ports, signatures, source, trials, web, webhooks
    from stripe_audit.check import Check, Uses
    from stripe_audit.context import Context
    from stripe_audit.deployment.spec import Item, Route, WebhookRoute
    from stripe_audit.deployment.transport import Answer
    from stripe_audit.errors import TargetError
    from stripe_audit.models import Effect, Evidence, Finding, Severity, SourceLocation
    from stripe_audit.observers.interface import LogLine, Mail, Order, OrderState
    from stripe_audit.observers.notifications import Notification
    from stripe_audit.payments import Payment
    from stripe_audit.redaction import contains_card_number
    from stripe_audit.stripe_backend.interface import Call, CustomerAnswer, Delivery

__version__ = "0.1.0"
API = 1
"""Raised when something that checks rely on changes."""

_HOMES = {
    "Answer": "deployment.transport",
    "Call": "stripe_backend.interface",
    "Check": "check",
    "Context": "context",
    "CustomerAnswer": "stripe_backend.interface",
    "Delivery": "stripe_backend.interface",
    "Effect": "models",
    "Evidence": "models",
    "Finding": "models",
    "Item": "deployment.spec",
    "LogLine": "observers.interface",
    "Mail": "observers.interface",
    "Notification": "observers.notifications",
    "Order": "observers.interface",
    "OrderState": "observers.interface",
    "Payment": "payments",
    "Route": "deployment.spec",
    "Severity": "models",
    "SourceLocation": "models",
    "TargetError": "errors",
    "Uses": "check",
    "WebhookRoute": "deployment.spec",
    "contains_card_number": "redaction",
}
_MODULES = ("keys", "money", "ports", "signatures", "source", "trials", "web", "webhooks")

__all__ = [
    "API",
    "Answer",
    "Call",
    "Check",
    "Context",
    "CustomerAnswer",
    "Delivery",
    "Effect",
    "Evidence",
    "Finding",
    "Item",
    "LogLine",
    "Mail",
    "Notification",
    "Order",
    "OrderState",
    "Payment",
    "Route",
    "Severity",
    "SourceLocation",
    "TargetError",
    "Uses",
    "WebhookRoute",
    "contains_card_number",
    "keys",
    "money",
    "ports",
    "signatures",
    "source",
    "trials",
    "web",
    "webhooks",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"stripe_audit.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"stripe_audit.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
