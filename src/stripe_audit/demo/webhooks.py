"""Receiving webhook events: verified over the raw body, handled once, and refused when they could not be handled.

An event's effect and the note that it was handled are one transaction, so that a crash between them loses nothing; the
state comes from Stripe as it is now, so that the order of arrival does not matter (docs.stripe.com/webhooks).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any

import stripe

from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.subscriptions import SubscriptionOrders, subscription_behind

__all__ = ["TOLERANCE_S", "Receipts"]

TOLERANCE_S = 300
_ABOUT_INTENTS = ("payment_intent.", "charge.", "refund.")
_BILLING = ("invoice.", "customer.subscription.")


class Receipts:
    """The part of the shop that receives webhook events."""

    bad_signature_status = 400

    def __init__(self, orders: SubscriptionOrders) -> None:
        self.orders = orders
        self.store = orders.store
        self.journal = orders.journal

    async def receive(self, route: str, body: bytes, signature: str | None) -> int:
        """The status to answer with. ``route`` is ``""`` or the name of a sub-route. Raises Refusal."""
        event = self.verified(route, body, signature)
        if event.get("livemode"):
            self.journal.warning("live event refused in test mode", event_id=event.get("id"))
            raise Refusal(400, "wrong_mode", "This endpoint takes test events.")
        if not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
            raise Refusal(400, "not_an_event", "The body is no event.")
        await self.accept(event)
        return 200

    def secret(self, route: str) -> str:
        """The signing secret of a route; each has its own."""
        return self.orders.config.webhook_secrets[route]

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        """The event, once its signature is proved over the raw body. Raises Refusal."""
        try:
            stripe.WebhookSignature.verify_header(
                body.decode("utf-8"), signature or "", self.secret(route), tolerance=TOLERANCE_S
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):  # the library compares ASCII only
            self.journal.warning("webhook signature refused", route=route or "main")
            raise Refusal(self.bad_signature_status, "bad_signature", "The signature is not valid.") from None
        return self.parsed(body)

    def parsed(self, body: bytes) -> dict[str, Any]:
        """The event in a body. Raises Refusal."""
        try:
            event = json.loads(body)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise Refusal(400, "not_an_event", "The body is no event.")
        return event

    async def accept(self, event: Mapping[str, Any]) -> None:
        """Handle it now; a failure is told to Stripe (500), which then delivers it again."""
        await self.handle(event)

    async def handle(self, event: Mapping[str, Any]) -> None:
        """The event's effect, once."""
        kind, data = event["type"], (event.get("data") or {}).get("object") or {}
        if self.is_handled(event):
            self.journal.info("webhook event seen before", event_id=event["id"], event_type=kind)
        elif kind.startswith(_ABOUT_INTENTS):
            await self.follow(event, self.intent_of(data))
        elif kind.startswith("checkout.session."):
            await self.follow_session(event, str(data.get("id")))
        elif kind.startswith(_BILLING):
            await self.follow_subscription(event, subscription_behind(data))
        else:
            self.journal.info("webhook event not needed", event_id=event["id"], event_type=kind)

    @staticmethod
    def intent_of(data: Mapping[str, Any]) -> str | None:
        """The PaymentIntent that an object is, or belongs to."""
        found = data.get("id") if data.get("object") == "payment_intent" else data.get("payment_intent")
        return found if isinstance(found, str) else None

    def is_handled(self, event: Mapping[str, Any]) -> bool:
        """Whether its effect is already there."""
        return self.store.row("SELECT 1 FROM handled_events WHERE id = :id", {"id": event["id"]}) is not None

    def claim(self, event: Mapping[str, Any]) -> bool:
        """Note that it is handled; false if it was. Inside the transaction of its effect."""
        values = {"id": event["id"], "type": event["type"]}
        return self.store.run("INSERT OR IGNORE INTO handled_events (id, type) VALUES (:id, :type)", values) == 1

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        """Bring the order to what Stripe shows now."""
        order = self.store.order_of(intent_id) if intent_id else None
        if order is None or intent_id is None:
            self.journal.info("webhook event of no order", event_id=event["id"], payment_intent=intent_id)
            return
        async with self.orders.following[order["id"]]:
            intent = await self.current(event, intent_id)
            with self.store.transaction():
                if self.claim(event):
                    self.orders.apply(order, intent, event["type"])

    async def follow_session(self, event: Mapping[str, Any], session_id: str) -> None:
        """Bring the order to what its Checkout Session shows now."""
        order = self.orders.order_of_session(session_id)
        if order is None:
            self.journal.info("webhook event of no order", event_id=event["id"], checkout_session=session_id)
            return
        async with self.orders.following[order["id"]]:
            session = await self.current_session(event, session_id)
            with self.store.transaction():
                if self.claim(event):
                    self.orders.apply_session(order, session, event["type"])

    async def current_session(self, event: Mapping[str, Any], session_id: str) -> dict[str, Any]:
        """The session as Stripe shows it now, its PaymentIntent whole."""
        return await self.orders.stripe.session(session_id)

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        """The intent as Stripe shows it now, not as the event remembers it."""
        return await self.orders.stripe.intent(intent_id)

    async def follow_subscription(self, event: Mapping[str, Any], subscription_id: str | None) -> None:
        """Bring the order to what its subscription shows now."""
        order = self.orders.order_of_subscription(subscription_id) if subscription_id else None
        if order is None or subscription_id is None:
            await self.record_billing(event, (event.get("data") or {}).get("object") or {})
            return
        async with self.orders.following[order["id"]]:
            subscription = await self.current_subscription(event, subscription_id)
            invoices = await self.orders.stripe.paid_invoices(subscription_id)
            with self.store.transaction():
                if self.claim(event):
                    self.orders.apply_subscription(order, subscription, invoices, event["type"])

    async def current_subscription(self, event: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
        """The subscription as Stripe shows it now."""
        return await self.orders.stripe.subscription(subscription_id)

    async def record_billing(self, event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Keep what invoices and subscriptions tell."""
        with self.store.transaction():
            if self.claim(event):
                self.store.run(
                    "INSERT OR IGNORE INTO billing (event, type, object) VALUES (:event, :type, :object)",
                    {"event": event["id"], "type": event["type"], "object": str(data.get("id"))},
                )
        self.journal.info("billing event", event_id=event["id"], event_type=event["type"])

    def report(self, event_id: str, error: Exception) -> None:
        """A handler failed: one log line, one alert per event."""
        self.journal.error("webhook handler failed", event_id=event_id, error=type(error).__name__)
        with contextlib.suppress(Exception):
            self.orders.alert(f"webhook-{event_id}", "A webhook handler failed", f"Event {event_id}")

    async def work(self) -> None:
        """Nothing waits here; the queued variant has a worker."""


class QueuedReceipts(Receipts):
    """Verify, store, acknowledge; then work from the durable queue. As sound as handling first."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        """Acknowledged once it is stored."""
        self.store.run(
            "INSERT OR IGNORE INTO waiting_events (id, body) VALUES (:id, :body)",
            {"id": event["id"], "body": json.dumps(event)},
        )

    async def work(self) -> None:
        """Handle what waits, side by side, for ever; what fails stays and is tried again."""
        while True:
            waiting = self.store.rows("SELECT * FROM waiting_events ORDER BY rowid LIMIT 100")
            are_done = await asyncio.gather(*(self._try(row) for row in waiting))
            if not waiting or not all(are_done):
                await asyncio.sleep(0.3 if waiting else 0.02)

    async def _try(self, row: Mapping[str, Any]) -> bool:
        """Handle one event that waits. Whether it is done."""
        try:
            await self.handle(json.loads(row["body"]))
            self.store.run("DELETE FROM waiting_events WHERE id = :id", row)
        except Exception as error:  # whatever fails, the event stays in the queue
            self.report(row["id"], error)
            return False
        return True
