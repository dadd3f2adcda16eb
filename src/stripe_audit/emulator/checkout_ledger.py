"""What checkout and its payment methods remember and no object shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stripe_audit.emulator.bank_accounts import BankAccount
from stripe_audit.emulator.store import Obj

__all__ = ["CheckoutLedger"]


@dataclass(slots=True)
class CheckoutLedger:
    """One account's. Ids are Stripe's."""

    accounts: dict[str, BankAccount] = field(default_factory=dict)
    """The test bank account behind a payment method, or a token."""
    verified: set[str] = field(default_factory=set)
    """Payment methods whose micro-deposits were confirmed."""
    cash: dict[str, Obj] = field(default_factory=dict)
    """A customer's cash balance, which has no id of its own."""
    method_of: dict[str, str] = field(default_factory=dict)
    """The payment method that a confirmation token stands for."""
    session_of: dict[str, str] = field(default_factory=dict)
    """The Checkout Session that made a PaymentIntent or a SetupIntent."""
    wishes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By session: what its intent, set-up or subscription is to be made of, and what it costs."""
