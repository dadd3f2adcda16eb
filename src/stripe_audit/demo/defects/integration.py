"""Defects of phase 6: fulfilment, duplicates, order, bursts, ledger, double submits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders, Refusal
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


class _FulfilsPerEvent(Orders):
    """Each event is handled once, but two events may tell of one payment."""

    def fulfil(self, order: Mapping[str, Any]) -> None:
        return

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        super().apply(order, intent, event_type)
        if event_type == "payment_intent.succeeded":
            self.store.run("UPDATE orders SET fulfilled = fulfilled + 1 WHERE id = :id", {"id": order["id"]})
            self.send_receipt(order)


class _LateFailureWins(Receipts):
    """Takes the state from the event, not from Stripe: what arrives last wins."""

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        data = event["data"]["object"]
        if event["type"] == "payment_intent.payment_failed" and data.get("object") == "payment_intent":
            return dict(data)
        return await super().current(event, intent_id)


class _LateSuccessWins(Receipts):
    """The event's own intent knows nothing of refunds."""

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        data = event["data"]["object"]
        return dict(data) if event["type"] == "payment_intent.succeeded" else await super().current(event, intent_id)


class _BurstLoses(Receipts):
    """A slow handler behind a short queue in memory: what does not fit in is acknowledged, and counts as seen."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        if event["type"] != "payment_intent.succeeded":
            return await super().accept(event)
        queue: set[str] = self.__dict__.setdefault("_queue", set())
        lost: set[str] = self.__dict__.setdefault("_lost", set())
        if event["id"] not in queue and len(queue) >= 10:
            lost.add(event["id"])
        if event["id"] not in lost:
            queue.add(event["id"])
            await asyncio.sleep(0.3)
            queue.discard(event["id"])
            await super().accept(event)
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


class _PaidSoldAgain(Orders):
    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await super().intent_for(order)
        except Refusal:
            return await super().intent_for({**order, "intent": None})


DEFECTS = (
    Defect(
        "fulfilment-skipped",
        "Paid orders are never fulfilled",
        "one-time-payment-completes",
        also=(
            "webhook-duplicates-harmless",
            "webhook-events-none-lost",
            "delayed-payment-arrives",
            "failed-authentication-then-success",
            "declines-then-success",
            "checkout-fulfilled-once-paid",
            "journey-in-every-currency",
            "lost-event-reconciled",
            "return-page-races-webhook",
            "events-at-once",
            "orders-explored",
            "authorised-is-not-paid",
            "checkout-declined-then-paid",
            "checkout-orders-explored",
            "dispute-orders-explored",
            "first-try-is-over",
            "lost-answer-recovered",
            "processing-payment-waits",
            "webhook-survives-load",
        ),
        seen_in="payloadcms/payload#10685",
        orders=_NotFulfilled,
    ),
    Defect(
        "duplicates-fulfil-again",
        "The same event delivered twice fulfils twice",
        "webhook-duplicates-harmless",
        also=(
            "payment-status-updated",
            "one-time-payment-completes",
            "webhook-events-none-lost",
            "delayed-payment-arrives",
            "dispute-followed",
            "journey-in-every-currency",
            "lost-event-reconciled",
            "return-page-races-webhook",
            "events-at-once",
            "orders-explored",
            "checkout-orders-explored",
            "dispute-orders-explored",
            "first-try-is-over",
            "refund-is-not-undone",
        ),
        perhaps=(
            "checkout-fulfilled-once-paid",
            "declines-then-success",
            "failed-authentication-then-success",
            "processing-payment-waits",
            "webhook-survives-load",
        ),
        seen_in="wasp-lang/open-saas#688",
        receipts=_FulfilsAgain,
    ),
    Defect(
        "second-event-fulfils-again",
        "A second event about the same payment fulfils the order again",
        "webhook-duplicates-harmless",
        also=(
            "lost-event-reconciled",
            "checkout-declined-then-paid",
            "checkout-fulfilled-once-paid",
            "checkout-orders-explored",
        ),
        seen_in="janavipandole/Cara#2753",
        orders=_FulfilsPerEvent,
    ),
    Defect(
        "late-failure-wins",
        "An old failure that arrives late overwrites the payment",
        "webhook-order-independent",
        also=("orders-explored",),
        perhaps=("events-at-once",),
        seen_in="laravel/cashier-stripe#1201",
        receipts=_LateFailureWins,
    ),
    Defect(
        "late-success-hides-refund",
        "A success that is told after its refund makes the order paid again",
        "webhook-order-independent",
        also=(
            "webhook-failure-alerted",
            "webhook-failure-retried",
            "late-success-keeps-part-refund",
            "orders-explored",
        ),
        seen_in="laravel/cashier-stripe#1760",
        receipts=_LateSuccessWins,
    ),
    Defect(
        "burst-loses-events",
        "Of many events at once, some are acknowledged and dropped",
        "webhook-events-none-lost",
        perhaps=("webhook-survives-load",),
        seen_in="hackclub/hcb#9284",
        receipts=_BurstLoses,
    ),
    Defect(
        "partial-refund-as-full",
        "A partial refund is recorded as a full one",
        "ledger-reconciles",
        also=("late-success-keeps-part-refund", "orders-explored", "refund-in-every-currency"),
        orders=_PartialAsFull,
    ),
    Defect(
        "double-submit-charges-twice",
        "Submitting an order twice makes two payments, and both can be paid",
        "double-submit-charges-once",
        also=("client-secret-returned-alone", "payment-key-stable"),
        seen_in="akash-network/console#3449",
        orders=_DoubleCharge,
    ),
    Defect(
        "paid-order-sold-again",
        "An order that has been paid is offered to be paid again",
        "double-submit-charges-once",
        seen_in="PrestaShopCorp/ps_checkout#1546",
        orders=_PaidSoldAgain,
    ),
)
