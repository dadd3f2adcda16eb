"""What tests of billing begin with."""

from __future__ import annotations

from typing import Any

import stripe


def draft(client: stripe.StripeClient, customer: str, *amounts: int, **params: Any) -> stripe.Invoice:
    """A draft over these amounts in dollars' cents."""
    for amount in amounts:
        client.v1.invoice_items.create({"customer": customer, "amount": amount, "currency": "usd"})
    return client.v1.invoices.create({"customer": customer, "pending_invoice_items_behavior": "include", **params})


def recurring(client: stripe.StripeClient, amount: int = 1500, **params: Any) -> stripe.Price:
    """A monthly price in dollars' cents."""
    data: dict[str, Any] = {
        "currency": "usd",
        "unit_amount": amount,
        "recurring": {"interval": "month"},
        "product_data": {"name": "Gold"},
    }
    return client.v1.prices.create({**data, **params})
