"""Defects of a shop that several workers serve: what each of them remembers is not known to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


_AT_MAIN = ("payment_intent.succeeded", "payment_intent.created")


_PACKED_S = 0.1
"""How long a worker packs; copies that come at once meet in it, however they are spread over the workers."""


class _TwoWorkers(Shop):
    workers = 2


class _RemembersAlone(Receipts):
    """The main endpoint hands over; what it has handled is kept in the worker's memory, and its lock is there too."""

    async def receive(self, route: str, body: bytes, signature: str | None) -> int:
        event = self.verified(route, body, signature)
        intent = ((event.get("data") or {}).get("object") or {}).get("id")
        if event.get("livemode") or intent is None or event.get("type") not in _AT_MAIN:
            return await super().receive(route, body, signature)
        if route:  # the main endpoint goes first
            await asyncio.sleep(0.5)
            return await super().receive(route, body, signature)
        if event["type"] == "payment_intent.succeeded":
            await self._hand_over(event, str(intent))
        return 200

    async def _hand_over(self, event: Mapping[str, Any], intent_id: str) -> None:
        handled: set[str] = self.__dict__.setdefault("_handled", set())
        order = self.store.order_of(intent_id)
        if order is None or event["id"] in handled:
            return
        handled.add(event["id"])
        try:
            intent = await self.current(event, intent_id)
            await asyncio.sleep(_PACKED_S)
        except Exception:
            handled.discard(event["id"])
            raise
        if order["fulfilled"] == 0 and intent["status"] == "succeeded":
            self.store.run(
                "UPDATE orders SET status = :state, received = :received, fulfilled = fulfilled + 1 WHERE id = :id",
                {"state": self.orders.state_of(intent), "received": self.orders.received(intent), "id": order["id"]},
            )
            self.orders.send_receipt(order)
            self.orders.log_change(order, intent, "paid", event["type"])


DEFECTS = (
    Defect(
        "deduplicated-per-worker",
        "Two workers serve the shop, and each remembers for itself which events it has handled",
        "webhook-duplicates-harmless",
        perhaps=(
            "events-at-once",
            "orders-explored",
            "return-page-races-webhook",
            "testing-of-cards-limited",
            "webhook-events-none-lost",
            "webhook-survives-load",
        ),
        seen_in="webrenew/unicon#56",
        shop=_TwoWorkers,
        receipts=_RemembersAlone,
    ),
)
