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
from stripe_audit.demo.orders import Orders
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


class _Unlogged(Orders):
    def log_change(self, order: Mapping[str, Any], intent: Mapping[str, Any], state: str, event_type: str) -> None:
        return


class _SecretsLogged(Orders):
    async def create_payment(self, data: Any) -> dict[str, Any]:
        made = await super().create_payment(data)
        self.journal.info("answer", body=made)
        return made


class _NoReceipt(Orders):
    def send_receipt(self, order: Mapping[str, Any]) -> None:
        return


class _NoAlert(Orders):
    def alert(self, key: str, subject: str, text: str) -> None:
        return


class _FailedForGood(Orders):
    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["status"] == "failed":
            order = {**order, "intent": None}
        return await super().intent_for(order)


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
        "traces-shown",
        "A body that is no JSON ends in a 500 with a stack trace",
        "errors-structured",
        also=("payment-input-validated",),
        shop=_TracesShown,
    ),
    Defect("payments-unlogged", "Payment events leave no line in the log", "payment-events-logged", orders=_Unlogged),
    Defect("secrets-logged", "Client secrets are written to the log", "secrets-not-logged", orders=_SecretsLogged),
    Defect("no-receipt", "Nobody tells the customer that the payment came", "customer-notified", orders=_NoReceipt),
    Defect("no-alert", "Nobody tells the shop that a payment failed", "failed-payment-alerted", orders=_NoAlert),
    Defect(
        "retry-makes-new-intent",
        "Trying again makes a new PaymentIntent beside the old one, which can still be paid",
        "failed-payment-retryable",
        seen_in="woocommerce/woocommerce-gateway-stripe#3912",
        orders=_FailedForGood,
    ),
    Defect(
        "acknowledges-first",
        "Events are acknowledged before they are handled, and lost when handling fails",
        "webhook-failure-retried",
        seen_in="payloadcms/payload#10890",
        receipts=_AcknowledgesFirst,
    ),
)
