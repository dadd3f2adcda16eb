"""Defects that show when something comes once more, later: a page that is reloaded, the end of a first try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _SucceededIsPaid(CheckoutOrders):
    """The return page asks Stripe for the status, and a payment that was refunded is still ``succeeded``."""

    async def returned(self, intent_id: str, told: str) -> str:
        order = self.store.order_of(intent_id)
        if order is None or order["fulfilled"] == 0:
            return await super().returned(intent_id, told)
        if (await self.stripe.intent(intent_id))["status"] == "succeeded":
            self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id", {"id": order["id"]})
        return "paid"


class _CanceledByName(Receipts):
    """A PaymentIntent that was canceled ends the order that its metadata name."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        if event["type"] != "payment_intent.canceled":
            await super().follow(event, intent_id)
            return
        values = {"id": str((((event.get("data") or {}).get("object") or {}).get("metadata") or {}).get("order_id"))}
        with self.store.transaction():
            if self.claim(event):
                self.store.run("UPDATE orders SET status = 'canceled' WHERE id = :id", values)
                order = self.store.order(values["id"])
                if order:
                    self.orders.log_change(order, event["data"]["object"], "canceled", event["type"])


DEFECTS = (
    Defect(
        "refunded-is-still-succeeded",
        "The return page makes a refunded order paid again, since its PaymentIntent is still succeeded",
        "refund-is-not-undone",
        seen_in="woocommerce/woocommerce#20209",
        orders=_SucceededIsPaid,
    ),
    Defect(
        "first-try-ends-order",
        "The late end of a first PaymentIntent cancels an order that was paid with its second",
        "first-try-is-over",
        seen_in="woocommerce/woocommerce-gateway-stripe#2249",
        receipts=_CanceledByName,
    ),
)
