"""Defects of a shop that believes news of the past: right in the order sent, wrong when they come late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _DisputeOpensAgain(Receipts):
    """That a dispute began is written down as it is told, whether or not it is over."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        await super().follow(event, intent_id)
        if event["type"] == "charge.dispute.created":
            self.store.run("UPDATE orders SET status = 'disputed' WHERE intent = :intent", {"intent": intent_id})


class _InvoiceReactivates(Receipts):
    """An invoice that was paid makes the subscription active, whatever it is by now."""

    async def follow_subscription(self, event: Mapping[str, Any], subscription_id: str | None) -> None:
        await super().follow_subscription(event, subscription_id)
        order = self.orders.order_of_subscription(subscription_id) if subscription_id else None
        if order and event["type"] == "invoice.paid":
            self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id", order)


class _CompletionUnpays(Receipts):
    """A session that was completed unpaid makes the order wait for its money, though it has come."""

    async def follow_session(self, event: Mapping[str, Any], session_id: str) -> None:
        await super().follow_session(event, session_id)
        order = self.orders.order_of_session(session_id)
        is_unpaid = event["data"]["object"].get("payment_status") == "unpaid"
        if order and is_unpaid and event["type"] == "checkout.session.completed":
            self.store.run("UPDATE orders SET status = 'processing' WHERE id = :id", order)


DEFECTS = (
    Defect(
        "late-dispute-opens-again",
        "A dispute that is told of after its end is open again",
        "dispute-orders-explored",
        receipts=_DisputeOpensAgain,
    ),
    Defect(
        "late-invoice-reactivates",
        "A paid invoice that is told of after the end of its subscription makes that active again",
        "subscription-orders-explored",
        receipts=_InvoiceReactivates,
    ),
    Defect(
        "late-completion-unpays",
        "A checkout that is told of as unpaid, after its money has come, waits for it again",
        "checkout-orders-explored",
        receipts=_CompletionUnpays,
    ),
)
