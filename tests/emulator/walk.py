"""A walk through the API: calls that number after number build on what earlier ones made, the same on every walk."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from stripe_audit.stripe_backend.emulated import form

AUTOMATIC = {"enabled": True, "allow_redirects": "never"}
PAID = {"amount": 2000, "currency": "usd", "confirm": True, "automatic_payment_methods": AUTOMATIC}
PRICE = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Tea"}}
CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/customers", {"email": "a@example.com", "payment_method": "pm_card_visa",
                               "invoice_settings": {"default_payment_method": "pm_card_visa"}}),
    ("POST", "/v1/payment_intents", {**PAID, "payment_method": "pm_card_visa", "metadata": {"order": "7"}}),
    ("POST", "/v1/payment_intents", {**PAID, "payment_method": "pm_card_visa", "capture_method": "manual"}),
    ("POST", "/v1/prices", {**PRICE, "recurring": {"interval": "month"}}),
    ("POST", "/v1/payment_intents/<payment_intent>/capture", {"amount_to_capture": 1500}),
    ("POST", "/v1/refunds", {"payment_intent": "<payment_intent>", "amount": 300}),
    ("POST", "/v1/subscriptions", {"customer": "<customer>", "items": [{"price": "<price>"}]}),
    ("POST", "/v1/payment_intents", {**PAID, "payment_method": "pm_card_pendingRefund"}),
    ("POST", "/v1/payment_intents/<payment_intent>/cancel", {}),
    ("POST", "/v1/checkout/sessions", {"mode": "payment", "success_url": "https://example.com/",
                                       "line_items": [{"price_data": PRICE, "quantity": 2}]}),
    ("POST", "/v1/payment_pages/<checkout.session>/confirm", {"payment_method": "<payment_method>"}),
    ("POST", "/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}}),
    ("POST", "/v1/payment_intents", {**PAID, "payment_method": "pm_card_createDispute"}),
    ("POST", "/v1/invoiceitems", {"customer": "<customer>", "amount": 400, "currency": "usd"}),
    ("POST", "/v1/invoices", {"customer": "<customer>", "pending_invoice_items_behavior": "include"}),
    ("POST", "/v1/invoices/<invoice>/pay", {}),
    ("POST", "/v1/subscriptions/<subscription>", {"items": [{"price": "<price>", "quantity": 3}]}),
    ("POST", "/v1/payment_intents", {**PAID, "payment_method": "pm_card_visa_chargeDeclined"}),
    ("POST", "/v1/setup_intents", {"confirm": True, "payment_method": "pm_card_visa", "customer": "<customer>",
                                   "automatic_payment_methods": AUTOMATIC}),
    ("DELETE", "/v1/subscriptions/<subscription>", {}),
    ("DELETE", "/v1/customers/<customer>", {}),
    ("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:1/", "enabled_events": ["*"]}),
    ("POST", "/v1/accounts", {"type": "express", "country": "US"}),
    ("POST", "/v1/transfers", {"amount": 100, "currency": "usd", "destination": "<account>"}),
    ("POST", "/v1/payouts", {"amount": 100, "currency": "usd"}),
    ("GET", "/v1/payment_intents", {"limit": 3}),
    ("GET", "/v1/balance", {}),
    ("POST", "/v1/payment_intents", {"amount": 1}),
)  # fmt: skip


class Walk:
    """``step(n)`` makes the call that ``n`` stands for, about objects of this walk that ``n`` chooses."""

    def __init__(self, url: str, key: str, suffix: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
        self._suffix = suffix
        self.known: dict[str, list[str]] = {}

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def step(self, number: int) -> tuple[int, bytes]:
        """Status and body."""
        method, path, params = CALLS[number % len(CALLS)]
        which = number // len(CALLS)
        filled = json.loads(self._filled(json.dumps(params), which))
        status, body, kind, identity = self.send(method, self._filled(path, which), filled, f"{number}{self._suffix}")
        if kind and identity and method == "POST" and status == 200:
            found = self.known.setdefault(kind, [])
            if identity not in found:
                found.append(identity)
        return status, body

    def send(
        self, method: str, path: str, params: dict[str, Any], key: str | None = None
    ) -> tuple[int, bytes, str, str]:
        """Status, body, and what the answer is: its kind and id."""
        encoded = urlencode(form(params))
        query = f"?{encoded}" if encoded and method != "POST" else ""
        headers = {**self._headers, "Idempotency-Key": key} if key else self._headers
        body = encoded.encode() if method == "POST" else None
        self._connection.request(method, path + query, body=body, headers=headers)
        with self._connection.getresponse() as answer:
            said = answer.read()
            told = json.loads(said)
            return answer.status, said, told.get("object") or "", told.get("id") or ""

    def _filled(self, text: str, which: int) -> str:
        while "<" in text:
            before, _, rest = text.partition("<")
            kind, _, after = rest.partition(">")
            known = self.known.get(kind) or ["none"]
            text = before + known[which % len(known)] + after
        return text
