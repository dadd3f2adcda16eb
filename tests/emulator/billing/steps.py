"""What tests of billing begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import stripe

from tests.emulator.steps import Control, wait_for

JANUARY_31 = int(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
"""When the customers of a ``Timeline`` begin."""


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


def moment(month: int, day: int, hour: int = 12) -> int:
    """A time in 2027."""
    return int(datetime(2027, month, day, hour, tzinfo=UTC).timestamp())


class Timeline:
    """A test clock with one customer, and the events since it was last moved."""

    def __init__(self, client: stripe.StripeClient, control: Control, card: str = "pm_card_visa") -> None:
        self.client, self.control = client, control
        self.clock = client.v1.test_helpers.test_clocks.create({"frozen_time": JANUARY_31, "name": "winter"})
        self.customer = client.v1.customers.create(
            {"test_clock": self.clock.id, "payment_method": card, "invoice_settings": {"default_payment_method": card}}
        )

    def subscribe(self, **params):
        return self.client.v1.subscriptions.create(
            {"customer": self.customer.id, "items": [{"price": recurring(self.client).id}], **params}
        )

    def advance(self, moment: int) -> list[str]:
        before = len(self.control.get("events")["events"])
        answer = self.client.v1.test_helpers.test_clocks.advance(self.clock.id, {"frozen_time": moment})
        assert (answer.status, answer.status_details.advancing.target_frozen_time) == ("advancing", moment)
        wait_for(lambda: self.client.v1.test_helpers.test_clocks.retrieve(self.clock.id).status == "ready")
        types = [event["type"] for event in self.control.get("events")["events"]][before:]
        assert (types[0], types[-1]) == ("test_helpers.test_clock.advancing", "test_helpers.test_clock.ready")
        return types[1:-1]

    def use(self, card: str) -> None:
        """Have the customer pay with another card from now on."""
        method = self.client.v1.payment_methods.attach(card, {"customer": self.customer.id})
        self.client.v1.customers.update(self.customer.id, {"invoice_settings": {"default_payment_method": method.id}})
