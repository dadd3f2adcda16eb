"""Defects that a killed or restarted process shows: what was noted too early, too late, or in memory alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _ClaimsFirst(Receipts):
    """The event is noted as handled, then the work is done; whoever fails takes the note back, if they still can."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        order = self.store.order_of(intent_id) if intent_id else None
        if order is None or intent_id is None or not self.claim(event):
            return
        async with self.orders.following[order["id"]]:
            try:
                intent = await self.current(event, intent_id)
            except Exception:
                self.store.run("DELETE FROM handled_events WHERE id = :id", {"id": event["id"]})
                raise
            with self.store.transaction():
                self.orders.apply(order, intent, event["type"])


class _RecordsLast(Receipts):
    """Hands over, tells Stripe so, and then notes the event; what was begun and not noted is begun again."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        order = self.store.order_of(intent_id) if intent_id else None
        if order and intent_id and event["type"] == "payment_intent.succeeded":
            async with self.orders.following[order["id"]]:
                await self._hand_over(event, order["id"], intent_id)
        await super().follow(event, intent_id)

    async def _hand_over(self, event: Mapping[str, Any], identity: str, intent_id: str) -> None:
        intent, order = await self.current(event, intent_id), self.store.order(identity)
        if order is None or self.is_handled(event) or (order["fulfilled"] and order["failure"] != "begun"):
            return
        statement = "UPDATE orders SET fulfilled = fulfilled + 1, failure = 'begun' WHERE id = :id"
        self.store.run(statement, {"id": identity})
        self.orders.send_receipt(order)
        await self.orders.stripe.change_intent(intent["id"], {"metadata": {"fulfilled": "yes"}})
        self.store.run("UPDATE orders SET failure = NULL WHERE id = :id", {"id": identity})


def _in_the_background(owner: Any, work: Coroutine[Any, Any, None]) -> None:
    """A task that nothing remembers but this process."""
    tasks: set[asyncio.Task[None]] = owner.__dict__.setdefault("_background", set())
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


class _WorksInMemory(Receipts):
    """Acknowledges at once, and works a moment later, again and again until it succeeds: unless the process ends."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        _in_the_background(self, self._work_off(event))

    async def _work_off(self, event: Mapping[str, Any]) -> None:
        for _ in range(50):
            await asyncio.sleep(0.05)
            try:
                await self.handle(event)
                return
            except Exception as error:  # tried again, from memory
                self.report(event["id"], error)


class _MailsFromMemory(CheckoutOrders):
    """The receipt is left to a task: there is no row that says it is still to be sent."""

    def send_receipt(self, order: Mapping[str, Any]) -> None:
        async def later() -> None:
            await asyncio.sleep(0.3)
            super(_MailsFromMemory, self).send_receipt(order)

        _in_the_background(self, later())


class _RemembersInMemory(Receipts):
    """Which events were handled is kept in a set, and not asked of the database."""

    def is_handled(self, event: Mapping[str, Any]) -> bool:
        return event["id"] in self.__dict__.setdefault("_handled", set())

    def claim(self, event: Mapping[str, Any]) -> bool:
        is_new = not self.is_handled(event)
        self.__dict__["_handled"].add(event["id"])
        return is_new


class _ServesFromMemory(CheckoutOrders):
    """Which orders were handed over, too."""

    def fulfil(self, order: Mapping[str, Any]) -> None:
        served: set[str] = self.__dict__.setdefault("_served", set())
        if order["id"] not in served:
            served.add(order["id"])
            self.store.run("UPDATE orders SET fulfilled = fulfilled + 1 WHERE id = :id", {"id": order["id"]})
            self.send_receipt(order)


DEFECTS = (
    Defect(
        "noted-before-the-work",
        "An event counts as handled before its work is done, and after a crash it is skipped",
        "webhook-survives-crash",
        seen_in="NorthlandPositronics/Cogtrix#125",
        receipts=_ClaimsFirst,
        is_process=True,
    ),
    Defect(
        "noted-after-the-work",
        "The goods go out before the event is noted, with a call to Stripe in between",
        "webhook-survives-crash",
        seen_in="webrenew/unicon#66",
        receipts=_RecordsLast,
        is_process=True,
    ),
    Defect(
        "worked-off-in-memory",
        "Events are acknowledged, and worked off from memory a moment later",
        "webhook-survives-crash",
        also=("restart-keeps-deduplication",),
        seen_in="payloadcms/payload#10890",
        receipts=_WorksInMemory,
        is_process=True,
    ),
    Defect(
        "receipts-from-memory",
        "Receipts are sent by a task that dies with the process",
        "webhook-survives-crash",
        seen_in="payloadcms/payload#10685",
        orders=_MailsFromMemory,
        is_process=True,
    ),
    Defect(
        "deduplicated-in-memory",
        "Which events were handled is remembered in memory alone, and forgotten with a restart",
        "restart-keeps-deduplication",
        also=("webhook-survives-crash",),
        seen_in="webrenew/unicon#56",
        orders=_ServesFromMemory,
        receipts=_RemembersInMemory,
        is_process=True,
    ),
)
