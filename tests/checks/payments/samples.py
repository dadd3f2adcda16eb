"""Orders, payments and PaymentIntents as the judging parts of checks get them, and those parts by their check's id."""

from __future__ import annotations

import functools
import sys
from decimal import Decimal
from types import ModuleType
from typing import Any

from stripe_audit import Answer, Item, Order, OrderState, Payment
from stripe_audit.catalog import load_catalog

MUG = Item("mug", Decimal("19.99"), "usd")
STICKERS = Item("stickers", Decimal(500), "jpy")
DATES = Item("dates", Decimal("3.450"), "kwd")
ANSWER = Answer(200, (), b"{}", "http://127.0.0.1/", 1.0, "x1")


@functools.cache
def judgment(identity: str) -> ModuleType:
    """The module of a check."""
    return sys.modules[f"stripe_audit._checks.{load_catalog().path(identity).stem}"]


def an_order(state: str = "paid", **other: Any) -> Order:
    fields: dict[str, Any] = {"amount": 1999, "currency": "usd", "fulfilled": 0, "payment_intent": "pi_1", **other}
    return Order("o1", OrderState(state), state, **fields)


def a_payment(**other: Any) -> Payment:
    fields: dict[str, Any] = {
        "order": "o1",
        "intent": "pi_1",
        "client_secret": "pi_1_secret_a",
        "amount": 1999,
        "currency": "usd",
        "email": "o1@example.com",
        "item": MUG,
        "quantity": 1,
        "answer": ANSWER,
        "values": {},
    }
    return Payment(**{**fields, **other})


def an_intent(**other: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "amount": 1999,
        "amount_received": 1999,
        "currency": "usd",
        "status": "succeeded",
        "client_secret": "pi_1_secret_a",
        "latest_charge": {"amount_refunded": 0},
        **other,
    }
