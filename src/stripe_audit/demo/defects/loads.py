"""Defects that show only while webhook events come in a long row, with hardly anybody else about.

What they hold back is set right whenever somebody looks at an order, as where the next visitor's request does the work
that waits. So they outlast a burst, and one event after the other; a steady load they do not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders, Refusal
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]

_A_BURST = 64
"""Events in a row that are still no load."""


class _Visited(Orders):
    """Counts the events since somebody looked at an order."""

    in_a_row = 0

    def shown(self, identity: str) -> dict[str, Any]:
        self.in_a_row = 0
        return super().shown(identity)


def _is_loaded(receipts: Receipts) -> bool:
    orders: Any = receipts.orders
    orders.in_a_row += 1
    return bool(orders.in_a_row > _A_BURST)


class _RingBuffer(Receipts):
    """Acknowledged at once and worked off from a ring in memory, whose oldest entry makes room for the newest."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        ring: OrderedDict[str, None] = self.__dict__.setdefault("_ring", OrderedDict())
        dropped: set[str] = self.__dict__.setdefault("_dropped", set())
        if not _is_loaded(self):
            return await super().accept(event)
        subject = self.intent_of((event.get("data") or {}).get("object") or {}) or event["id"]
        ring[subject] = None
        while len(ring) > 5:
            dropped.add(ring.popitem(last=False)[0])
        if subject not in dropped:
            await asyncio.sleep(0.1)
        if subject not in dropped:
            await super().accept(event)
            ring.pop(subject, None)
        return None


class _ForgetsWhatItHandled(Receipts):
    """A memory of the last events keeps copies away; under load they are forgotten before their copies come."""

    async def handle(self, event: Mapping[str, Any]) -> None:
        recent: OrderedDict[str, None] = self.__dict__.setdefault("_recent", OrderedDict())
        is_crowded, is_known = _is_loaded(self), event["id"] in recent
        recent[event["id"]] = None
        while len(recent) > 4:
            recent.popitem(last=False)
        if is_crowded and not is_known and self.is_handled(event):
            intent = self.intent_of((event.get("data") or {}).get("object") or {})
            if event["type"] == "payment_intent.succeeded":
                statement = "UPDATE orders SET fulfilled = fulfilled + 1 WHERE intent = :intent AND fulfilled > 0"
                self.store.run(statement, {"intent": intent})
        await super().handle(event)


class _PoolTooSmall(Receipts):
    """The pool of connections to the database is empty while many events come: each is answered 500 at first."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        refused: set[str] = self.__dict__.setdefault("_refused", set())
        if _is_loaded(self) and event["id"] not in refused:
            refused.add(event["id"])
            raise Refusal(500, "unexpected", "Something went wrong.")
        await super().accept(event)


DEFECTS = (
    Defect(
        "load-overflows-ring",
        "Events are acknowledged into a ring in memory, whose oldest entries are overwritten under load",
        "webhook-survives-load",
        orders=_Visited,
        receipts=_RingBuffer,
    ),
    Defect(
        "load-forgets-handled",
        "The memory of handled events is small, so that under load a copy is handled like a new event",
        "webhook-survives-load",
        orders=_Visited,
        receipts=_ForgetsWhatItHandled,
    ),
    Defect(
        "load-empties-pool",
        "Under load the pool of connections is empty, and events are answered 500",
        "webhook-survives-load",
        orders=_Visited,
        receipts=_PoolTooSmall,
    ),
)
