"""Defects of phase 5: failures, logs, mails, retries."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from typing import Any

import stripe
from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders, Refusal
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _ReasonShown(Orders):
    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        error = intent.get("last_payment_error") or {}
        values = {"failure": error.get("decline_code"), "id": order["id"]}
        self.store.run("UPDATE orders SET failure = :failure WHERE id = :id", values)
        super().apply(order, intent, event_type)

    def failure_message(self, order: Mapping[str, Any]) -> str | None:
        known = self.store.order(order["id"]) or {}
        return f"Declined: {known.get('failure')}" if order["status"] == "failed" else None


class _OutageLeaks(Shop):
    def stripe_failed(self, error: stripe.StripeError) -> web.Response:
        return web.Response(status=500, text="".join(traceback.format_exception(error)))


class _OutageCounted(Shop):
    """Answers 200 with nothing in it when Stripe is down."""

    def stripe_failed(self, error: stripe.StripeError) -> web.Response:
        return web.json_response({"ok": True})


class _OrderStuck(Orders):
    """Closes the order when Stripe failed, and never opens it again."""

    async def create_payment(self, data: Any) -> dict[str, Any]:
        known = self.store.order(str(data.get("order"))) if isinstance(data, Mapping) else None
        if known and known["failure"]:
            raise Refusal(409, "order_failed", "This order has failed.")
        try:
            return await super().create_payment(data)
        except stripe.StripeError:
            self.store.run("UPDATE orders SET failure = 'stripe' WHERE id = :order", {"order": data["order"]})
            raise


class _BlockingCalls(StripeSide):
    """Calls Stripe from the event loop, which waits with it."""

    async def _answer(self, function: Any, *arguments: Any) -> Any:
        return function(*arguments)


class _TracesShown(Shop):
    async def body(self, request: web.Request) -> Any:
        try:
            return await request.json()
        except ValueError:
            raise web.HTTPBadRequest(text=traceback.format_exc()) from None

    async def answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
        async def shown(asked: web.Request) -> web.StreamResponse:
            try:
                answer: web.StreamResponse = await handler(asked)
            except web.HTTPBadRequest as error:
                return web.Response(status=500, text=error.text)
            return answer

        return await super().answered(request, shown)


class _UnknownOrderCrashes(Orders):
    def shown(self, identity: str) -> dict[str, Any]:
        order: Any = self.store.order(identity)
        return {**super().shown(order["id"]), "currency": order["currency"]}


class _Unlogged(Orders):
    def log_change(self, order: Mapping[str, Any], intent: Mapping[str, Any], state: str, event_type: str) -> None:
        return


class _SecretsLogged(Orders):
    async def create_payment(self, data: Any) -> dict[str, Any]:
        made = await super().create_payment(data)
        self.journal.info("answer", body=made)
        return made


class _KeyLogged(Orders):
    """Writes down what it sends to Stripe, with the header that it sends it with."""

    def intent_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().intent_params(order)
        self.journal.info("stripe request", params=params, authorization=f"Bearer {self.config.secret_key}")
        return params


class _NoReceipt(Orders):
    def send_receipt(self, order: Mapping[str, Any]) -> None:
        return


class _ReceiptTwice(Orders):
    def send_receipt(self, order: Mapping[str, Any]) -> None:
        super().send_receipt(order)
        text = f"Thank you. Order {order['id']} is paid."
        self.outbox.queue(f"second-receipt-{order['id']}", order["email"], f"Receipt for order {order['id']}", text)


class _DeclineUntold(Orders):
    def report_failure(self, order: Mapping[str, Any], intent: Mapping[str, Any]) -> None:
        self.alert(f"alert-{intent['id']}", f"Payment failed for order {order['id']}", f"PaymentIntent {intent['id']}")


class _NoAlert(Orders):
    def alert(self, key: str, subject: str, text: str) -> None:
        return


class _FailedForGood(Orders):
    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["status"] == "failed":
            order = {**order, "intent": None}
        return await super().intent_for(order)


class _RetryRefused(Orders):
    async def retry(self, identity: str) -> dict[str, Any]:
        order = self.store.order(identity)
        if order and order["status"] == "failed":
            raise Refusal(409, "order_failed", "This order has failed.")
        return await super().retry(identity)


class _ClaimsFirst(Receipts):
    """Notes an event as handled before the work, so that it is skipped when it comes again after a failure."""

    async def handle(self, event: Mapping[str, Any]) -> None:
        if not super().is_handled(event):
            super().claim(event)
            await super().handle(event)

    def is_handled(self, event: Mapping[str, Any]) -> bool:
        return False

    def claim(self, event: Mapping[str, Any]) -> bool:
        return True


class _AcknowledgesFirst(Receipts):
    async def accept(self, event: Mapping[str, Any]) -> None:
        self._background = asyncio.create_task(self._try(event))

    async def _try(self, event: Mapping[str, Any]) -> None:
        try:
            await self.handle(event)
        except Exception as error:  # swallowed: that is the defect
            self.journal.warning("handler failed", error=type(error).__name__)


DEFECTS = (
    Defect(
        "decline-reason-shown",
        "The customer is told that the card was reported stolen",
        "decline-reported-safely",
        orders=_ReasonShown,
    ),
    Defect(
        "outage-leaks",
        "When Stripe is down the answer is a stack trace",
        "stripe-outage-handled",
        also=("failures-logged",),
        seen_in="mozilla/donate#476",
        shop=_OutageLeaks,
    ),
    Defect(
        "outage-answered-ok",
        "When Stripe is down the answer is 200",
        "stripe-outage-handled",
        seen_in="kitokoh/leopardo-hr#2668",
        shop=_OutageCounted,
    ),
    Defect(
        "order-lost-in-outage",
        "An order whose payment could not be made because Stripe was down can never be paid",
        "stripe-outage-handled",
        orders=_OrderStuck,
    ),
    Defect(
        "slow-stripe-blocks",
        "While Stripe is slow the shop answers nobody",
        "stripe-outage-handled",
        stripe=_BlockingCalls,
    ),
    Defect(
        "traces-shown",
        "A body that is no JSON ends in a 500 with a stack trace",
        "errors-structured",
        also=("payment-input-validated", "bad-requests-survived"),
        shop=_TracesShown,
    ),
    Defect(
        "unknown-order-crashes",
        "An order that does not exist is a 500",
        "errors-structured",
        also=("bad-requests-survived",),
        orders=_UnknownOrderCrashes,
    ),
    Defect("payments-unlogged", "Payment events leave no line in the log", "payment-events-logged", orders=_Unlogged),
    Defect("secrets-logged", "Client secrets are written to the log", "secrets-not-logged", orders=_SecretsLogged),
    Defect("key-logged", "The secret key is written to the log", "secrets-not-logged", orders=_KeyLogged),
    Defect(
        "no-receipt",
        "Nobody tells the customer that the payment came",
        "customer-notified",
        also=("one-time-payment-completes", "webhook-outlives-mail"),
        orders=_NoReceipt,
    ),
    Defect("receipt-sent-twice", "The customer gets two receipts", "customer-notified", orders=_ReceiptTwice),
    Defect("decline-untold", "A declined customer gets no mail", "customer-notified", orders=_DeclineUntold),
    Defect(
        "no-alert",
        "Nobody tells the shop that a payment failed",
        "failed-payment-alerted",
        also=("webhook-failure-alerted",),
        orders=_NoAlert,
    ),
    Defect(
        "retry-makes-new-intent",
        "Trying again makes a new PaymentIntent beside the old one, which can still be paid",
        "failed-payment-retryable",
        seen_in="woocommerce/woocommerce-gateway-stripe#3912",
        orders=_FailedForGood,
    ),
    Defect(
        "retry-refused",
        "An order whose card was declined is closed: there is no second try",
        "failed-payment-retryable",
        orders=_RetryRefused,
    ),
    Defect(
        "claimed-before-work",
        "An event counts as handled before it is, and is skipped when it comes again after a failure",
        "webhook-failure-retried",
        seen_in="NorthlandPositronics/Cogtrix#125",
        receipts=_ClaimsFirst,
    ),
    Defect(
        "acknowledges-first",
        "Events are acknowledged before they are handled, and lost when handling fails",
        "webhook-failure-retried",
        also=("webhook-failure-alerted",),
        perhaps=("webhook-outlives-database",),
        seen_in="payloadcms/payload#10890",
        receipts=_AcknowledgesFirst,
    ),
)
