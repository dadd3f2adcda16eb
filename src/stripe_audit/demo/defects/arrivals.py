"""Defects in how webhook events arrive: late, again after newer ones, and at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _LateSuccessHidesPart(Receipts):
    """A late success is let pass only where the order was refunded whole."""

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        order = self.store.order_of(intent_id)
        if event["type"] == "payment_intent.succeeded" and order and order["status"] == "partially_refunded":
            return dict(event["data"]["object"])
        return await super().current(event, intent_id)


class _AppliedAsItWas(Receipts):
    """An event that comes again is applied once more, from what it said then."""

    async def handle(self, event: Mapping[str, Any]) -> None:
        data = event["data"]["object"]
        order = self.store.order_of(str(data.get("id")))
        if order and self.is_handled(event):
            values = {"state": self.orders.state_of(data), "id": order["id"]}
            self.store.run("UPDATE orders SET status = :state WHERE id = :id", values)
        else:
            await super().handle(event)


class _RacingEvents(Receipts):
    """Each event is handled once, but two events about one order see it unfulfilled at the same moment."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        order = self.store.order_of(intent_id) if intent_id else None
        if order is None or intent_id is None:
            return await super().follow(event, intent_id)
        intent = await self.current(event, intent_id)
        is_due = self.orders.state_of(intent) == "paid" and order["fulfilled"] == 0
        if not self.claim(event):
            return None
        await asyncio.sleep(0.05)
        with self.store.transaction():
            self.orders.apply({**order, "email": order["email"]}, intent, event["type"])
            now = self.store.order(order["id"])
            if is_due and now and now["fulfilled"] and event["type"] != "payment_intent.succeeded":
                self.store.run("UPDATE orders SET fulfilled = fulfilled + 1 WHERE id = :id", {"id": order["id"]})
        return None


DEFECTS = (
    Defect(
        "late-success-hides-part",
        "A success that is told after a partial refund makes the order paid again",
        "late-success-keeps-part-refund",
        also=("orders-explored",),
        receipts=_LateSuccessHidesPart,
    ),
    Defect(
        "repeated-event-as-it-was",
        "An event that is delivered again after newer ones puts the order back",
        "orders-explored",
        also=("late-success-keeps-part-refund",),
        receipts=_AppliedAsItWas,
    ),
    Defect(
        "events-race",
        "Two different events at the same moment both fulfil the order",
        "events-at-once",
        receipts=_RacingEvents,
    ),
)
