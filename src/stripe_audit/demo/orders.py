"""Orders and their payments: amounts from the catalogue, one intent per order, state from what Stripe says now."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.config import ShopConfig
from stripe_audit.demo.journal import Journal
from stripe_audit.demo.mailer import Outbox
from stripe_audit.demo.products import price_of, product_of
from stripe_audit.demo.store import Store
from stripe_audit.demo.stripe_side import StripeSide

__all__ = ["Orders", "Refusal"]

_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_REUSABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "processing")


class Refusal(Exception):
    """A request that the shop refuses: an HTTP status, a code for programs, a message for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Orders:
    """The part of the shop that takes orders and follows their payments."""

    def __init__(self, config: ShopConfig, store: Store, stripe: StripeSide, outbox: Outbox, journal: Journal) -> None:
        self.config = config
        self.store = store
        self.stripe = stripe
        self.outbox = outbox
        self.journal = journal
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.following: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By order: what Stripe shows is asked for and applied in one turn, so that nothing older comes later."""

    def read_request(self, data: Any) -> dict[str, Any]:
        """A request for a payment, checked. Raises Refusal. Members that the shop does not know are ignored."""
        if not isinstance(data, Mapping):
            raise Refusal(400, "invalid_body", "The body must be a JSON object.")
        order = data.get("order", f"o{secrets.token_hex(8)}")
        item, quantity = data.get("item"), data.get("quantity", 1)
        currency, email = data.get("currency", "usd"), data.get("email")
        if not isinstance(order, str) or not _ORDER_ID.fullmatch(order):
            raise Refusal(400, "invalid_order", "The order id is not valid.")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= 100:
            raise Refusal(400, "invalid_quantity", "The quantity must be a whole number from 1 to 100.")
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            raise Refusal(400, "invalid_email", "The e-mail address is not valid.")
        if not isinstance(item, str) or not isinstance(currency, str):
            raise Refusal(400, "invalid_item", "The article is not valid.")
        amount = self.amount_for(data, item, currency, quantity)
        if amount is None:
            raise Refusal(400, "unknown_item", "This article is not sold in this currency.")
        return {
            "id": order,
            "item": item,
            "quantity": quantity,
            "currency": currency,
            "email": email,
            "amount": amount,
        }

    def amount_for(self, data: Mapping[str, Any], item: str, currency: str, quantity: int) -> int | None:
        """What to charge, in minor units: from the catalogue, whatever the request says."""
        return price_of(item, currency, quantity)

    async def create_payment(self, data: Any) -> dict[str, Any]:
        """The payment for an order; the same order gives the same payment. Raises Refusal."""
        wanted = self.read_request(data)
        async with self._locks[wanted["id"]]:
            order = self.taken(wanted)
            intent = await self.intent_for(order)
        self.journal.info("payment created", order=order["id"], payment_intent=intent["id"], amount=order["amount"])
        return {
            "clientSecret": intent["client_secret"],
            "paymentIntentId": intent["id"],
            "orderId": order["id"],
            "amount": intent["amount"],
            "currency": intent["currency"],
        }

    def taken(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """The order, stored if it is new. Raises Refusal for one that was made for something else."""
        self.store.run(
            "INSERT OR IGNORE INTO orders (id, item, quantity, amount, currency, email)"
            " VALUES (:id, :item, :quantity, :amount, :currency, :email)",
            wanted,
        )
        order = self.store.order(wanted["id"])
        assert order is not None
        if any(order[name] != wanted[name] for name in ("item", "quantity", "currency")):
            raise Refusal(409, "order_differs", "This order was made for something else.")
        return order

    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The order's open intent, or its first, or the next one after a cancelled one."""
        attempt = order["attempt"]
        if order["intent"]:
            intent = await self.stripe.intent(order["intent"])
            if intent["status"] in _REUSABLE:
                return intent
            if intent["status"] != "canceled":
                raise Refusal(409, "already_paid", "This order has been paid.")
        attempt += 1
        intent = await self.stripe.create_intent(self.intent_params(order), key=self.idempotency_key(order, attempt))
        self.store.run(
            "UPDATE orders SET intent = :intent, attempt = :attempt WHERE id = :id",
            {"intent": intent["id"], "attempt": attempt, "id": order["id"]},
        )
        return intent

    def idempotency_key(self, order: Mapping[str, Any], attempt: int) -> str | None:
        """One key per order and attempt, so that a second click or a lost answer cannot charge twice."""
        return f"order-{order['id']}-{attempt}"

    def intent_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What Stripe is asked for. No ``receipt_email``: the shop sends its own receipt, and one is enough."""
        product = product_of(order["item"])
        later = {"capture_method": "manual"} if product and product.made_to_order else {}
        return {
            **later,
            "amount": order["amount"],
            "currency": order["currency"],
            "automatic_payment_methods": {"enabled": True},
            "description": f"Order {order['id']}",
            "metadata": {"order_id": order["id"]},
        }

    async def retry(self, identity: str) -> dict[str, Any]:
        """Another try at the same order. Raises Refusal."""
        order = self.store.order(identity)
        if order is None:
            raise Refusal(404, "unknown_order", "There is no such order.")
        async with self._locks[identity]:
            intent = await self.intent_for(order)
        return {"clientSecret": intent["client_secret"], "paymentIntentId": intent["id"], "orderId": identity}

    async def customer(self, data: Any) -> dict[str, Any]:
        """One customer per e-mail address. Raises Refusal."""
        email = data.get("email") if isinstance(data, Mapping) else None
        name = str(data.get("name", ""))[:200] if isinstance(data, Mapping) else ""
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            raise Refusal(400, "invalid_email", "The e-mail address is not valid.")
        known = self.store.row("SELECT customer FROM customers WHERE email = :email", {"email": email.lower()})
        if known is None:
            made = await self.stripe.create_customer(email.lower(), name)
            known = {"customer": made["id"]}
            self.store.run(
                "INSERT OR IGNORE INTO customers (email, name, customer) VALUES (:email, :name, :customer)",
                {"email": email.lower(), "name": name, **known},
            )
        return {"customerId": known["customer"]}

    def shown(self, identity: str) -> dict[str, Any]:
        """An order as its customer sees it. Raises Refusal."""
        order = self.store.order(identity)
        if order is None:
            raise Refusal(404, "unknown_order", "There is no such order.")
        return {
            "id": order["id"],
            "status": order["status"],
            "amount": order["amount"] if order["received"] is None else order["received"],
            "currency": order["currency"],
            "fulfilled": order["fulfilled"],
            "refunded": order["refunded"],
            "paymentIntent": order["intent"],
            "message": self.failure_message(order),
        }

    def failure_message(self, order: Mapping[str, Any]) -> str | None:
        """What a customer is told of a failure: never the bank's reason (docs.stripe.com/declines/codes)."""
        if order["status"] != "failed":
            return None
        return "Your payment was declined. Please try again, or use another card."

    def state_of(self, intent: Mapping[str, Any]) -> str:
        """The order's state, from the intent and its latest charge as Stripe shows them now."""
        charge = intent.get("latest_charge") or {}
        if intent["status"] == "succeeded":
            if isinstance(charge, Mapping) and charge.get("disputed") and not self.is_won(intent):
                return "charged_back" if intent.get("dispute") == "lost" else "disputed"
            if refunded := self.given_back(charge):
                return "refunded" if refunded >= intent["amount_received"] else "partially_refunded"
            return "paid"
        if intent["status"] == "requires_payment_method" and intent.get("last_payment_error"):
            return "failed"
        named = {"canceled": "canceled", "processing": "processing", "requires_capture": "authorised"}
        return named.get(intent["status"], "open")

    def is_won(self, intent: Mapping[str, Any]) -> bool:
        """Whether a dispute is over, and the money ours."""
        return intent.get("dispute") in ("won", "warning_closed", "prevented")

    def given_back(self, charge: Any) -> int:
        """What was refunded of what was captured: Stripe counts what never was captured as refunded, too."""
        if not isinstance(charge, Mapping) or not charge:
            return 0
        return max(0, int(charge.get("amount_refunded", 0)) - (int(charge["amount"]) - int(charge["amount_captured"])))

    def received(self, intent: Mapping[str, Any]) -> int | None:
        """What has come in, which is less than the order's amount where less was captured; None for nothing."""
        return intent.get("amount_received") or None

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        """Bring an order to the state that Stripe shows, with its effects, in the caller's transaction."""
        state = self.state_of(intent)
        refunded = self.given_back(intent.get("latest_charge"))
        if state == "paid" and (intent["amount"], intent["currency"]) != (order["amount"], order["currency"]):
            self.journal.error("amount differs from the order", order=order["id"], payment_intent=intent["id"])
            return
        self.store.run(
            "UPDATE orders SET status = :state, refunded = :refunded, received = :received WHERE id = :id",
            {"state": state, "refunded": refunded, "received": self.received(intent), "id": order["id"]},
        )
        if state in ("paid", "refunded", "partially_refunded", "disputed", "charged_back"):
            self.fulfil(order)
        if state == "failed":
            self.report_failure(order, intent)
        self.log_change(order, intent, state, event_type)

    def log_change(self, order: Mapping[str, Any], intent: Mapping[str, Any], state: str, event_type: str) -> None:
        """One line for each payment event."""
        level = self.journal.error if state in ("failed", "disputed", "charged_back") else self.journal.info
        level("payment event", order=order["id"], payment_intent=intent["id"], event_type=event_type, state=state)

    def fulfil(self, order: Mapping[str, Any]) -> None:
        """Hand the goods over and send the receipt: once, however often this is called."""
        first = self.store.run("UPDATE orders SET fulfilled = 1 WHERE id = :id AND fulfilled = 0", {"id": order["id"]})
        if first:
            self.send_receipt(order)

    def send_receipt(self, order: Mapping[str, Any]) -> None:
        """Tell the customer that the money has come."""
        text = f"Thank you. Order {order['id']} is paid and on its way."
        self.outbox.queue(f"receipt-{order['id']}", order["email"], f"Receipt for order {order['id']}", text)

    def report_failure(self, order: Mapping[str, Any], intent: Mapping[str, Any]) -> None:
        """Tell the customer how to try again, and the shop that a payment failed; once per failed attempt."""
        charge = intent.get("latest_charge") or {}
        attempt = charge.get("id", "none") if isinstance(charge, Mapping) else str(charge)
        text = f"{self.failure_message({**order, 'status': 'failed'})}\n\nTry again: /checkout?order={order['id']}"
        self.outbox.queue(f"failed-{attempt}", order["email"], f"Order {order['id']}: payment declined", text)
        self.alert(f"alert-{attempt}", f"Payment failed for order {order['id']}", f"PaymentIntent {intent['id']}")

    def alert(self, key: str, subject: str, text: str) -> None:
        """Tell the people who run the shop."""
        self.outbox.queue(key, self.config.alert_email, f"[alert] {subject}", text)
