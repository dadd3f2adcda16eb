"""Orders and their payments. Amounts come from the catalogue, states from Stripe as it is when an event arrives."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import smtplib
import sqlite3
import threading
import time
from collections import defaultdict
from email.message import EmailMessage

import stripe

PRICES = {("mug", "usd"): 1999, ("mug", "eur"): 1799, ("stickers", "jpy"): 500}
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, item TEXT, quantity INTEGER, amount INTEGER, currency TEXT, email TEXT,
    status TEXT DEFAULT 'open', intent TEXT, attempt INTEGER DEFAULT 0, fulfilled INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS mails (
    key TEXT PRIMARY KEY, recipient TEXT, subject TEXT, body TEXT, sent INTEGER DEFAULT 0);
"""
BURST, PER_SECOND = 120.0, 20.0
"""How many payments may be asked for at once, and from then on: against those who try out stolen cards."""
ALERTS_TO = "ops@example.com"
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "processing")
log = logging.getLogger("shop")


class Refused(Exception):
    """A request that cannot be met: an HTTP status, and a word for programs."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Shop:
    """One database, one lock: a payment's state and its consequences change together."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.lock = threading.RLock()
        self.orders_in_work: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.stripe = client.v1
        self.database = sqlite3.connect(os.environ.get("DATABASE", "shop.db"), check_same_thread=False)
        self.database.row_factory = sqlite3.Row
        self.database.executescript(SCHEMA)
        self.turns, self.turns_at = BURST, time.monotonic()
        self.waiting = threading.Event()
        threading.Thread(target=self.send_mails, daemon=True).start()

    def run(self, statement: str, *values: object) -> int:
        """A part of the caller's transaction."""
        return self.database.execute(statement, values).rowcount

    def change(self, statement: str, *values: object) -> int:
        """A transaction of its own."""
        with self.lock, self.database:
            return self.run(statement, *values)

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with self.lock:
            return self.database.execute(statement, values).fetchall()

    def order(self, identity: str) -> sqlite3.Row:
        found = self.rows("SELECT * FROM orders WHERE id = ?", identity)
        if not found:
            raise Refused(404, "unknown_order")
        return found[0]

    # Paying

    def take_turn(self) -> None:
        with self.lock:
            now = time.monotonic()
            self.turns = min(BURST, self.turns + (now - self.turns_at) * PER_SECOND) - 1
            self.turns_at = now
            if self.turns < 0:
                self.turns = 0
                raise Refused(429, "too_many_requests")

    async def create_payment(self, wanted: object) -> dict:
        self.take_turn()
        if not isinstance(wanted, dict):
            raise Refused(400, "invalid_body")
        identity, email = wanted.get("order") or f"o{secrets.token_hex(8)}", wanted.get("email")
        item, quantity, currency = wanted.get("item"), wanted.get("quantity", 1), wanted.get("currency", "usd")
        if not isinstance(identity, str) or not re.fullmatch(r"[\w-]{1,80}", identity, re.ASCII):
            raise Refused(400, "invalid_order")
        if not isinstance(email, str) or not re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,255}", email):
            raise Refused(400, "invalid_email")
        if type(quantity) is not int or not 1 <= quantity <= 100:
            raise Refused(400, "invalid_quantity")
        if not isinstance(item, str) or not isinstance(currency, str) or (item, currency) not in PRICES:
            raise Refused(400, "unknown_item")
        amount = PRICES[item, currency] * quantity
        self.change(
            "INSERT OR IGNORE INTO orders (id, item, quantity, amount, currency, email) VALUES (?, ?, ?, ?, ?, ?)",
            *(identity, item, quantity, amount, currency, email),
        )
        order = self.order(identity)
        if (order["item"], order["quantity"], order["currency"]) != (item, quantity, currency):
            raise Refused(409, "order_differs")
        return await self.payment_of(identity)

    async def payment_of(self, identity: str) -> dict:
        """The open PaymentIntent of an order, or a new one. The key makes a second click harmless."""
        async with self.orders_in_work[identity]:
            order = self.order(identity)
            known = order["intent"]
            intent = await self.stripe.payment_intents.retrieve_async(known) if known else None
            if intent and intent.status not in (*OPEN, "canceled"):
                raise Refused(409, "already_paid")
            if intent is None or intent.status == "canceled":
                attempt = order["attempt"] + 1
                params = {
                    "amount": order["amount"],
                    "currency": order["currency"],
                    "automatic_payment_methods": {"enabled": True},
                    "metadata": {"order_id": identity},
                }
                key = {"idempotency_key": f"order-{identity}-{attempt}"}
                intent = await self.stripe.payment_intents.create_async(params, key)
                self.change("UPDATE orders SET intent = ?, attempt = ? WHERE id = ?", intent.id, attempt, identity)
        log.info("payment created", extra={"fields": {"order": identity, "payment_intent": intent.id}})
        return {"clientSecret": intent.client_secret, "paymentIntentId": intent.id, "orderId": identity}

    # Events

    async def handle(self, event: stripe.Event) -> None:
        """An event's effect, once. Raises, so that Stripe delivers it again, where it cannot be had now."""
        about = event.data.object
        intent_id = about.id if about.object == "payment_intent" else getattr(about, "payment_intent", None)
        found = self.rows("SELECT id FROM orders WHERE intent = ?", intent_id) if isinstance(intent_id, str) else []
        if not found:
            return
        async with self.orders_in_work[found[0]["id"]]:
            expand = {"expand": ["latest_charge"]}
            intent = await self.stripe.payment_intents.retrieve_async(intent_id, expand)
            state = state_of(intent, await self.disputes_of(intent))
            with self.lock, self.database:
                if self.run("INSERT OR IGNORE INTO events VALUES (?)", event.id):
                    self.follow(self.order(found[0]["id"]), intent, state, event.type)

    async def disputes_of(self, intent: stripe.PaymentIntent) -> list[stripe.Dispute]:
        """They tell how a dispute ended; the charge says only that there was one, for ever."""
        if not intent.latest_charge or not intent.latest_charge.disputed:
            return []
        return (await self.stripe.disputes.list_async({"payment_intent": intent.id})).data

    def follow(self, order: sqlite3.Row, intent: stripe.PaymentIntent, state: str, kind: str) -> None:
        self.run("UPDATE orders SET status = ? WHERE id = ?", state, order["id"])
        is_first = self.run(
            "UPDATE orders SET fulfilled = 1 WHERE id = ? AND ? AND fulfilled = 0", order["id"], is_paid(state)
        )
        if is_first:
            self.mail(
                f"paid-{order['id']}",
                order["email"],
                f"Receipt for order {order['id']}",
                "Thank you. It is on its way.",
            )
        if state == "failed":
            attempt = getattr(intent.latest_charge, "id", intent.id)
            text = f"Your payment was declined. Try again: /checkout?order={order['id']}"
            self.mail(f"failed-{attempt}", order["email"], f"Order {order['id']}: payment declined", text)
            self.mail(f"alert-{attempt}", ALERTS_TO, f"Payment failed for order {order['id']}", intent.id)
        level = logging.ERROR if state in ("failed", "disputed") else logging.INFO
        fields = {"order": order["id"], "payment_intent": intent.id, "event_type": kind, "state": state}
        log.log(level, "payment event", extra={"fields": fields})

    # Mail

    def alert(self, event: stripe.Event) -> None:
        """Tell the people who run the shop, once per event that fails."""
        with self.lock, self.database:
            self.mail(f"alert-{event.id}", ALERTS_TO, f"Webhook event {event.id} failed", f"{event.type}: see the log")

    def mail(self, key: str, recipient: str, subject: str, body: str) -> None:
        self.run(
            "INSERT OR IGNORE INTO mails (key, recipient, subject, body) VALUES (?, ?, ?, ?)",
            key,
            recipient,
            subject,
            body,
        )
        self.waiting.set()

    def send_mails(self) -> None:
        while True:
            self.waiting.wait(1)
            self.waiting.clear()
            try:
                for row in self.rows("SELECT * FROM mails WHERE sent = 0"):
                    send(row["recipient"], row["subject"], row["body"])
                    self.change("UPDATE mails SET sent = 1 WHERE key = ?", row["key"])
            except (OSError, sqlite3.Error) as error:
                log.warning("mail failed, and is tried again", exc_info=error)


def send(recipient: str, subject: str, body: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", recipient, subject
    message.set_content(body)
    host, port = os.environ.get("SMTP_HOST", "localhost"), int(os.environ.get("SMTP_PORT", "25"))
    with smtplib.SMTP(host, port, timeout=10) as server:
        server.send_message(message)


def is_paid(state: str) -> bool:
    return state in ("paid", "refunded", "partially_refunded", "disputed")


def state_of(intent: stripe.PaymentIntent, disputes: list[stripe.Dispute]) -> str:
    """An order's state, from its PaymentIntent with the latest charge. A dispute that was won is over."""
    charge = intent.latest_charge
    if intent.status == "succeeded" and charge:
        if any(dispute.status not in ("won", "warning_closed") for dispute in disputes):
            return "disputed"
        if charge.amount_refunded:
            return "refunded" if charge.amount_refunded >= intent.amount else "partially_refunded"
    if intent.status == "requires_payment_method" and intent.last_payment_error:
        return "failed"
    return {"succeeded": "paid", "canceled": "canceled", "processing": "processing"}.get(intent.status, "open")
