"""What Stripe's objects and calls look like: derived from the ``stripe`` package by ``scripts/derive_shapes.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["HELD", "LEGACY", "LISTS", "OBJECTS", "PARAMS", "blank"]

LISTS: dict[str, dict[str, list[str]]] = {
    "charge": {"refunds": ["refund"]},
    "checkout.session": {"line_items": ["item"]},
    "customer": {"sources": ["source"], "subscriptions": ["subscription"], "tax_ids": ["tax_id"]},
    "invoice": {"confirmation_secret": [], "payments": ["invoice_payment"]},
    "payment_link": {"line_items": ["item"]},
    "quote": {"line_items": ["item"]},
}
"""Lists, and one hash, that an object shows only where ``expand`` asks for them, and what they hold."""
HELD: dict[str, dict[str, list[str]]] = {
    "credit_note": {"lines": ["credit_note_line_item"]},
    "customer": {"discount": ["discount"]},
    "invoice": {"lines": ["line_item"], "parent.subscription_details.subscription": ["subscription"]},
    "invoiceitem": {"pricing.price_details.price": ["price"]},
    "item": {"price": ["price"]},
    "line_item": {"pricing.price_details.price": ["price"]},
    "subscription": {"items": ["subscription_item"]},
    "subscription_item": {"plan": ["plan"], "price": ["price"]},
    "subscription_schedule": {"phases.items.plan": ["plan"], "phases.items.price": ["price"]},
}
"""What an object always shows and ``expand`` may go into: whole objects, lists of them, and ids deep in hashes."""
_ELSEWHERE = {
    "event": {"account", "context"},  # in events of connected accounts and of organisations
    "webhook_endpoint": {"secret"},  # in the answer to the endpoint's creation
}


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text("utf-8"))
    return loaded


OBJECTS = _load("objects.json")
PARAMS = _load("params.json")
LEGACY: dict[str, dict[str, Any]] = _load("legacy_params.json")
"""Parameters by call that a train has removed: until ``before`` they are taken, and are of ``type``.

Found by comparing the parameters of the official libraries of each train. Coupons of customers and promotion codes,
which basil and clover moved, are taken until endive: the Stripe CLI's own fixtures send them without a version.
"""
PARAMS["promotion_code_create"].pop("r")  # the endpoint demands `promotion`, or the older `coupon`
for _call in ("create", "update"):  # `duration` took the place of `iterations`, which the Stripe CLI still sends
    PARAMS[f"subscription_schedule_{_call}"]["p"]["phases"]["l"]["p"]["iterations"] = "i"
PARAMS["retrieve"] = {"p": {"expand": {"l": "s"}}}
PARAMS["payment_page_confirm"] = {
    # In no reference: what the Stripe CLI's fixtures, and the hosted page, confirm a Checkout Session with.
    "p": {"expand": {"l": "s"}, "expected_amount": "i", "payment_method": "s", "payment_method_data": "*"}
}
for _call in ("create", "update", "confirm"):
    # Left out of the libraries' types, as numbers do not belong on servers; the API takes it, with a token or a number.
    _data = PARAMS[f"payment_intent_{_call}"]["p"]["payment_method_data"]
    _data["p"]["card"] = PARAMS["payment_method_create"]["p"]["card"]


def _fields(kind: str) -> list[str]:
    left_out = {*LISTS.get(kind, ()), *_ELSEWHERE.get(kind, ())}
    return [name for name in OBJECTS[kind]["fields"] if name not in left_out]


_BLANK: dict[str, dict[str, Any]] = {kind: dict.fromkeys(_fields(kind)) for kind in OBJECTS if kind != "api_version"}


def blank(kind: str, /, **values: Any) -> dict[str, Any]:
    """An object of this kind in Stripe's order of fields: ``values``, and null for all others that it always has.

    The fields are those of the pinned API version; a value under an unknown name is added at the end.
    """
    return {**_BLANK[kind], **values}
