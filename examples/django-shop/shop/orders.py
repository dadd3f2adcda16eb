"""Orders and their payments. Amounts come from the catalogue, states from Stripe as it is when an event arrives."""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections import defaultdict

import stripe
from django.conf import settings
from django.core.mail import send_mail
from django.db import DatabaseError, connection, transaction

from shop.models import Event, Mail, Order

stripe.api_key = settings.STRIPE_SECRET_KEY
stripe.max_network_retries = 1


class Watched(stripe.RequestsClient):
    """Remembers whether the last call reached Stripe, so that /health can tell without a call of its own."""

    is_reached = True

    def request(self, *words: object, **named: object) -> tuple:
        try:
            answer = super().request(*words, **named)
        except stripe.APIConnectionError:
            self.is_reached = False
            raise
        self.is_reached = True
        return answer


stripe.default_http_client = client = Watched(timeout=4)
BURST, PER_SECOND = 120.0, 20.0
"""How many payments may be asked for at once, and from then on: against those who try out stolen cards."""
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "processing")
log = logging.getLogger("shop")
in_work: dict[str, threading.Lock] = defaultdict(threading.Lock)
waiting = threading.Event()
turns = {"lock": threading.Lock(), "left": BURST, "at": time.monotonic()}


class Refused(Exception):
    """A request that cannot be met: an HTTP status, and a word for programs."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def take_turn() -> None:
    with turns["lock"]:
        now = time.monotonic()
        left = min(BURST, turns["left"] + (now - turns["at"]) * PER_SECOND)
        turns.update(left=max(left - 1, 0.0), at=now)
    if left < 1:
        raise Refused(429, "too_many_requests")


def order_of(identity: str) -> Order:
    found = Order.objects.filter(pk=identity).first()
    if found is None:
        raise Refused(404, "unknown_order")
    return found


def create_payment(wanted: object) -> dict:
    take_turn()
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
    price = settings.PRICES.get((item, currency)) if isinstance(item, str) and isinstance(currency, str) else None
    if price is None:
        raise Refused(400, "unknown_item")
    made = {"item": item, "quantity": quantity, "amount": price * quantity, "currency": currency, "email": email}
    order, _ = Order.objects.get_or_create(pk=identity, defaults=made)
    if (order.item, order.quantity, order.currency) != (item, quantity, currency):
        raise Refused(409, "order_differs")
    return payment_of(identity)


def payment_of(identity: str) -> dict:
    """The open PaymentIntent of an order, or a new one. The key makes a second click harmless."""
    with in_work[identity]:
        order = order_of(identity)
        intent = stripe.PaymentIntent.retrieve(order.intent) if order.intent else None
        if intent and intent.status not in (*OPEN, "canceled"):
            raise Refused(409, "already_paid")
        if intent is None or intent.status == "canceled":
            intent = stripe.PaymentIntent.create(
                amount=order.amount,
                currency=order.currency,
                automatic_payment_methods={"enabled": True},
                metadata={"order_id": identity},
                idempotency_key=f"order-{identity}-{order.attempt + 1}",
            )
            Order.objects.filter(pk=identity).update(intent=intent.id, attempt=order.attempt + 1)
    log.info("payment created", extra={"fields": {"order": identity, "payment_intent": intent.id}})
    return {"clientSecret": intent.client_secret, "paymentIntentId": intent.id, "orderId": identity}


def handle(event: stripe.Event) -> None:
    """An event's effect, once. Raises, so that Stripe delivers it again, where it cannot be had now."""
    about = event.data.object
    intent_id = about.id if about.object == "payment_intent" else getattr(about, "payment_intent", None)
    order = Order.objects.filter(intent=intent_id).first() if isinstance(intent_id, str) else None
    if order is None:
        return
    with in_work[order.pk]:
        intent = stripe.PaymentIntent.retrieve(intent_id, expand=["latest_charge"])
        state = state_of(intent)
        with transaction.atomic():
            if Event.objects.get_or_create(pk=event.id)[1]:
                follow(order_of(order.pk), intent, state, event.type)


def follow(order: Order, intent: stripe.PaymentIntent, state: str, kind: str) -> None:
    order.status = state
    if order.status in ("paid", "refunded", "partially_refunded", "disputed") and not order.fulfilled:
        order.fulfilled = 1
        mail(f"paid-{order.pk}", order.email, f"Receipt for order {order.pk}", "Thank you. It is on its way.")
    if order.status == "failed":
        attempt = getattr(intent.latest_charge, "id", intent.id)
        text = f"Your payment was declined. Try again: /checkout?order={order.pk}"
        mail(f"failed-{attempt}", order.email, f"Order {order.pk}: payment declined", text)
        mail(f"alert-{attempt}", settings.ALERTS_TO, f"Payment failed for order {order.pk}", intent.id)
    order.save(update_fields=["status", "fulfilled"])
    level = logging.ERROR if order.status in ("failed", "disputed") else logging.INFO
    fields = {"order": order.pk, "payment_intent": intent.id, "event_type": kind, "state": order.status}
    log.log(level, "payment event", extra={"fields": fields})


def is_disputed(intent: stripe.PaymentIntent) -> bool:
    """By how the disputes ended: the charge says only that there was one, for ever."""
    disputes = stripe.Dispute.list(payment_intent=intent.id).data if intent.latest_charge.disputed else []
    return any(dispute.status not in ("won", "warning_closed") for dispute in disputes)


def state_of(intent: stripe.PaymentIntent) -> str:
    """An order's state, from its PaymentIntent with the latest charge."""
    charge = intent.latest_charge
    if intent.status == "succeeded" and charge:
        if is_disputed(intent):
            return "disputed"
        if charge.amount_refunded:
            return "refunded" if charge.amount_refunded >= intent.amount else "partially_refunded"
    if intent.status == "requires_payment_method" and intent.last_payment_error:
        return "failed"
    return {"succeeded": "paid", "canceled": "canceled", "processing": "processing"}.get(intent.status, "open")


def mail(key: str, recipient: str, subject: str, body: str) -> None:
    Mail.objects.get_or_create(pk=key, defaults={"recipient": recipient, "subject": subject, "body": body})
    transaction.on_commit(waiting.set)


def send_mails() -> None:
    """Send what is not sent, and a second later what could not be."""
    while waiting.wait():
        waiting.clear()
        try:
            for one in Mail.objects.filter(sent=False):
                send_mail(one.subject, one.body, "shop@example.com", [one.recipient])
                Mail.objects.filter(pk=one.pk).update(sent=True)
        except (OSError, DatabaseError) as error:
            log.warning("mail failed, and is tried again", exc_info=error)
            time.sleep(1)
            waiting.set()
        finally:
            connection.close()


threading.Thread(target=send_mails, daemon=True).start()
