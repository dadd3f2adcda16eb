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
        data = (event.get("data") or {}).get("object") or {}
        order = self.store.order_of(str(data.get("id")))
        if order and self.is_handled(event):
            values = {"state": self.orders.state_of(data), "id": order["id"]}
            self.store.run("UPDATE orders SET status = :state WHERE id = :id", values)
        else:
            await super().handle(event)


class _RacingEvents(Receipts):
    """Each event is handled once; of three different ones at the same moment the last one fulfils the order too."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        under_way: set[str] = self.__dict__.setdefault("_under_way", {}).setdefault(intent_id, set())
        under_way.add(event["type"])
        is_crowded = await self._is_crowded(under_way)
        await super().follow(event, intent_id)
        if is_crowded and intent_id not in self.__dict__.setdefault("_doubled", set()):
            self.__dict__["_doubled"].add(intent_id)
            statement = "UPDATE orders SET fulfilled = fulfilled + 1 WHERE intent = :intent AND fulfilled > 0"
            self.store.run(statement, {"intent": intent_id})
        under_way.discard(event["type"])

    @staticmethod
    async def _is_crowded(under_way: set[str]) -> bool:
        """Whether three different events are under way at the same moment; a busy machine sends them with gaps."""
        for _ in range(25):
            if len(under_way) >= 3:
                return True
            await asyncio.sleep(0.01)
        return False


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
        also=("late-success-keeps-part-refund", "webhook-order-independent"),
        perhaps=(
            "events-at-once",
            "webhook-survives-load",
        ),
        receipts=_AppliedAsItWas,
    ),
    Defect(
        "events-race",
        "Two different events at the same moment both fulfil the order",
        "events-at-once",
        perhaps=("checkout-in-every-currency",),
        receipts=_RacingEvents,
    ),
)
