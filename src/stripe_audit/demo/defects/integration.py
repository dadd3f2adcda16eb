"""Defects of phase 6: fulfilment, duplicates, order, bursts, ledger, double submits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _NotFulfilled(Orders):
    def fulfil(self, order: Mapping[str, Any]) -> None:
        if not self.store.row("SELECT 1 FROM outbox WHERE key = :key", {"key": f"receipt-{order['id']}"}):
            self.send_receipt(order)


class _FulfilsAgain(Receipts):
    def is_handled(self, event: Mapping[str, Any]) -> bool:
        return False

    def claim(self, event: Mapping[str, Any]) -> bool:
        if event["type"] == "payment_intent.succeeded":
            intent = event["data"]["object"]["id"]
            self.store.run("UPDATE orders SET fulfilled = fulfilled + 1 WHERE intent = :id", {"id": intent})
            paid = self.store.order_of(intent)
            if paid and paid["fulfilled"] == 1:
                self.store.run("UPDATE orders SET fulfilled = 0 WHERE intent = :id", {"id": intent})
        return True


class _LateFailureWins(Receipts):
    """Takes the state from the event, not from Stripe: what arrives last wins."""

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        data = event["data"]["object"]
        if event["type"] == "payment_intent.payment_failed" and data.get("object") == "payment_intent":
            return dict(data)
        return await super().current(event, intent_id)


class _BurstLoses(Receipts):
    """A slow handler behind a short queue in memory: what does not fit in is acknowledged all the same."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        if event["type"] != "payment_intent.succeeded":
            return await super().accept(event)
        self._busy = getattr(self, "_busy", 0) + 1
        try:
            if self._busy <= 8:
                await asyncio.sleep(0.3)
                await super().accept(event)
        finally:
            self._busy -= 1
        return None


class _PartialAsFull(Orders):
    def state_of(self, intent: Mapping[str, Any]) -> str:
        state = super().state_of(intent)
        return "refunded" if state == "partially_refunded" else state


class _DoubleCharge(Orders):
    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["status"] == "failed":
            return await super().intent_for(order)
        return await super().intent_for({**order, "intent": None, "attempt": order["attempt"]})

    def idempotency_key(self, order: Mapping[str, Any], attempt: int) -> str | None:
        return None


DEFECTS = (
    Defect(
        "fulfilment-skipped",
        "Paid orders are never fulfilled",
        "one-time-payment-completes",
        seen_in="payloadcms/payload#10685",
        orders=_NotFulfilled,
    ),
    Defect(
        "duplicates-fulfil-again",
        "The same event delivered twice fulfils twice",
        "webhook-duplicates-harmless",
        seen_in="wasp-lang/open-saas#688",
        receipts=_FulfilsAgain,
    ),
    Defect(
        "late-failure-wins",
        "An old failure that arrives late overwrites the payment",
        "webhook-order-independent",
        seen_in="laravel/cashier-stripe#1201",
        receipts=_LateFailureWins,
    ),
    Defect(
        "burst-loses-events",
        "Of many events at once, some are acknowledged and dropped",
        "webhook-events-none-lost",
        seen_in="hackclub/hcb#9284",
        receipts=_BurstLoses,
    ),
    Defect(
        "partial-refund-as-full",
        "A partial refund is recorded as a full one",
        "ledger-reconciles",
        orders=_PartialAsFull,
    ),
    Defect(
        "double-submit-charges-twice",
        "Submitting an order twice makes two payments, and both can be paid",
        "double-submit-charges-once",
        also=("failed-payment-retryable",),
        seen_in="akash-network/console#3449",
        orders=_DoubleCharge,
    ),
)
