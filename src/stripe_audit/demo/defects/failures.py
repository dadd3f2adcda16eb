"""Defects that show while something fails: Stripe, the database, the mail server."""

from __future__ import annotations

import asyncio
import secrets
import smtplib
import sqlite3
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

import stripe
from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.mailer import Outbox
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.demo.subscriptions import SubscriptionOrders as Orders
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _WaitsForLong(StripeSide):
    """The library's own limit."""

    customer_timeout_s = 80


class _RetriesAnew(StripeSide):
    """A loop of its own around the library, and a new key for each turn."""

    async def create_intent(self, params: Mapping[str, Any], *, key: str | None) -> dict[str, Any]:
        for _ in range(2):
            try:
                return await super().create_intent(params, key=f"{key}-{secrets.token_hex(4)}")
            except stripe.APIConnectionError:
                continue
        return await super().create_intent(params, key=key)


class _KeyPerRequest(Orders):
    """A key is made for each request, as the library would anyway."""

    def idempotency_key(self, order: Mapping[str, Any], attempt: int) -> str | None:
        return f"order-{order['id']}-{secrets.token_hex(8)}"


class _PaidWhenUnsure(Orders):
    """Stripe cannot be asked, and the sale should not be lost."""

    async def create_payment(self, data: Any) -> dict[str, Any]:
        try:
            return await super().create_payment(data)
        except stripe.APIConnectionError:
            self.store.run(
                "UPDATE orders SET status = 'paid', fulfilled = 1 WHERE id = :order", {"order": data["order"]}
            )
            raise


class _DatabaseErrorSwallowed(Receipts):
    """Whatever goes wrong in the database is logged, and acknowledged."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        try:
            await super().accept(event)
        except sqlite3.Error as error:
            self.journal.error("database error", event_id=event["id"], error=type(error).__name__)


class _SeenInMemory(Receipts):
    """What is about to be stored is remembered as seen, and stays so where storing fails."""

    @property
    def seen(self) -> set[str]:
        found: set[str] = self.__dict__.setdefault("_seen", set())
        return found

    def is_handled(self, event: Mapping[str, Any]) -> bool:
        return event["id"] in self.seen or super().is_handled(event)

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        intent = await super().current(event, intent_id)
        self.seen.add(event["id"])
        return intent


class _MailInHandler(Orders):
    """The receipt is sent at once, and what fails there fails the event."""

    def send_receipt(self, order: Mapping[str, Any]) -> None:
        with smtplib.SMTP(
            self.config.smtp_host, self.config.smtp_port, local_hostname="localhost", timeout=5
        ) as server:
            message = EmailMessage()
            message["From"], message["To"] = self.config.mail_from, order["email"]
            message["Subject"] = f"Receipt for order {order['id']}"
            message.set_content(f"Thank you. Order {order['id']} is paid and on its way.")
            server.send_message(message)


class _OrdersOfTheThread(Receipts):
    """Applies in a thread, since the mail in it would hold up everybody."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        order = self.store.order_of(intent_id) if intent_id else None
        if order is None or intent_id is None:
            return
        async with self.orders.following[order["id"]]:
            intent = await self.current(event, intent_id)
            await asyncio.to_thread(self._apply, event, order, intent)

    def _apply(self, event: Mapping[str, Any], order: Mapping[str, Any], intent: Mapping[str, Any]) -> None:
        with self.store.transaction():
            if self.claim(event):
                self.orders.apply(order, intent, event["type"])


class _SentOrNot(Outbox):
    """Each mail is tried once."""

    def _are_sent(self, mails: list[dict[str, Any]]) -> bool:
        super()._are_sent(mails)
        for mail in mails:
            self._store.run("UPDATE outbox SET sent = 1 WHERE key = :key", mail)
        return True


class _MailTriedOnce(Shop):
    outbox_type = _SentOrNot


class _FailuresUnlogged(Shop):
    """The customer is told; the log is not."""

    def stripe_failed(self, error: stripe.StripeError) -> web.Response:
        return self.refused(Refusal(503, "payments_unavailable", "Payments are not possible now. Try again soon."))


class _TraceDropped(Shop):
    def crashed(self, error: Exception) -> web.Response:
        self.journal.error("unexpected error", error=type(error).__name__)
        return self.refused(Refusal(500, "internal", "Something went wrong on our side."))


DEFECTS = (
    Defect(
        "stripe-waited-for-long",
        "While Stripe says nothing, customers wait for as long as the library does",
        "stripe-silence-bounded",
        seen_in="stripe/stripe-python#186",
        stripe=_WaitsForLong,
    ),
    Defect(
        "own-retries-with-new-keys",
        "The shop repeats calls to Stripe itself, each with a new idempotency key",
        "payment-key-stable",
        also=("stripe-silence-bounded",),
        seen_in="stripe/stripe-php#637",
        stripe=_RetriesAnew,
    ),
    Defect(
        "key-made-per-request",
        "Each request makes an idempotency key of its own, so that a second try is a second payment",
        "payment-key-stable",
        seen_in="woocommerce/woocommerce-gateway-stripe#3912",
        orders=_KeyPerRequest,
    ),
    Defect(
        "order-paid-when-unsure",
        "Where Stripe cannot be reached the order counts as paid",
        "stripe-outage-handled",
        seen_in="strangerstudios/paid-memberships-pro#3592",
        orders=_PaidWhenUnsure,
    ),
    Defect(
        "database-error-acknowledged",
        "An event that cannot be stored is logged, acknowledged and lost",
        "webhook-outlives-database",
        seen_in="better-auth/better-auth#10534",
        receipts=_DatabaseErrorSwallowed,
    ),
    Defect(
        "seen-before-stored",
        "An event is remembered as seen before it is stored, and skipped when it comes again",
        "webhook-outlives-database",
        seen_in="webrenew/unicon#66",
        receipts=_SeenInMemory,
    ),
    Defect(
        "mail-decides-acknowledgement",
        "The receipt is sent in the handler, and an event whose mail fails is refused",
        "webhook-outlives-mail",
        seen_in="mozilla/fxa#5193",
        orders=_MailInHandler,
        receipts=_OrdersOfTheThread,
    ),
    Defect(
        "mail-tried-once",
        "A mail that the server refuses for a moment is never sent again",
        "webhook-outlives-mail",
        seen_in="Gluejar/regluit#1216",
        shop=_MailTriedOnce,
    ),
    Defect(
        "failures-unlogged",
        "When Stripe refuses a call the log says nothing",
        "failures-logged",
        seen_in="code-corps/code-corps-api#546",
        shop=_FailuresUnlogged,
    ),
    Defect(
        "trace-dropped",
        "A failure that nobody foresaw is logged without its stack trace",
        "failures-logged",
        seen_in="laravel/cashier-stripe#220",
        shop=_TraceDropped,
    ),
)
