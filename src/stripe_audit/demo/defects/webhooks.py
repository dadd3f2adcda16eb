"""Defects of phase 2: methods, signatures, events."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from typing import Any

import stripe
from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.consequences import ALL_EVENTS_LOST, WITH_A_CONTROL
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _SharedSecret(Receipts):
    def secret(self, route: str) -> str:
        return super().secret("" if route == "payment-failed" else route)


class _AnyMethod(Shop):
    webhook_methods = ("POST", "GET", "PUT", "DELETE")

    async def webhook(self, route: str, request: web.Request) -> web.Response:
        return await super().webhook(route, request) if request.method == "POST" else self.acknowledged(200)


class _MethodIgnored(Shop):
    webhook_methods = ("POST", "PUT")


class _DoesNothing(Receipts):
    """The webhook service is switched off since its import fails; what stands in acknowledges and does nothing."""

    async def accept(self, event: Mapping[str, Any]) -> None:
        self.journal.info("webhook event received", event_id=event["id"], event_type=event["type"])


class _Unverified(Receipts):
    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        return self.parsed(body)


class _EmptySecret(Receipts):
    """As with an SDK from before September 2026 and an unset secret: a signature made with the empty key verifies."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            return super().verified(route, body, signature)
        except Refusal:
            parts = dict(part.split("=", 1) for part in (signature or "").split(",") if "=" in part)
            made = stripe.WebhookSignature._compute_signature(f"{parts.get('t')}.{body.decode('utf-8', 'replace')}", "")
            if made == parts.get("v1"):
                return self.parsed(body)
            raise


class _RefusesButProcesses(Shop):
    async def webhook(self, route: str, request: web.Request) -> web.Response:
        try:
            return await super().webhook(route, request)
        except Refusal as refusal:
            if refusal.code == "bad_signature":  # the answer is sent, and the handler goes on
                await self.receipts.handle(self.receipts.parsed(await request.read()))
            raise


class _NoTolerance(Receipts):
    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature or "", self.secret(route), tolerance=None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
            raise Refusal(400, "bad_signature", "The signature is not valid.") from None
        return self.parsed(body)


class _Reserialised(Receipts):
    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            body = json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
        except ValueError:
            pass
        return super().verified(route, body, signature)


class _ParsedFirst(Receipts):
    """JSON middleware has consumed the body; what is verified is ``JSON.stringify(req.body)``."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            body = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
        except ValueError:
            pass
        return super().verified(route, body, signature)


class _SmallLimit(Shop):
    async def webhook(self, route: str, request: web.Request) -> web.Response:
        if len(await request.read()) > 52 * 1024:
            raise Refusal(413, "too_large", "The body is too large.")
        return await super().webhook(route, request)


class _RefundsIgnored(Receipts):
    async def handle(self, event: Mapping[str, Any]) -> None:
        if not str(event["type"]).startswith(("charge.refund", "refund.")):
            await super().handle(event)


class _UnknownRefused(Receipts):
    async def handle(self, event: Mapping[str, Any]) -> None:
        known = ("payment_intent.", "charge.", "refund.", "invoice.", "customer.", "checkout.session.")
        if not str(event["type"]).startswith(known):
            raise Refusal(400, "unknown_event", "This event is not known here.")
        await super().handle(event)


class _MalformedCrashes(Receipts):
    def parsed(self, body: bytes) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(body)
        return event


class _ShowsTraces(Shop):
    def refused(self, refusal: Refusal) -> web.Response:
        if refusal.code != "not_handled":
            return super().refused(refusal)
        return web.Response(status=500, text=traceback.format_exc())


DEFECTS = (
    Defect(
        "sub-route-shares-secret",
        "One webhook route verifies with another route's secret",
        "webhook-genuine-event-accepted",
        also=("webhook-raw-body-preserved", "events-triggered", *WITH_A_CONTROL),
        seen_in="stripe/sync-engine#43",
        receipts=_SharedSecret,
    ),
    Defect(
        "webhook-any-method",
        "The webhook endpoint answers 200 to GET, PUT and DELETE",
        "webhook-method-limited",
        shop=_AnyMethod,
    ),
    Defect(
        "webhook-method-ignored",
        "The webhook endpoint handles events that come by PUT",
        "webhook-method-limited",
        shop=_MethodIgnored,
    ),
    Defect(
        "handlers-do-nothing",
        "Events are verified and acknowledged, and no handler runs",
        "webhook-genuine-event-accepted",
        also=ALL_EVENTS_LOST,
        seen_in="payloadcms/payload#10890",
        receipts=_DoesNothing,
    ),
    Defect(
        "signature-unchecked",
        "No signature is checked",
        "webhook-signature-verified",
        also=("webhook-replay-rejected", "webhook-raw-body-preserved", "webhook-rolled-secret-accepted"),
        seen_in="colophon-group/jobseek#3253",
        receipts=_Unverified,
    ),
    Defect(
        "empty-secret-accepted",
        "A signature made with the empty key is accepted",
        "webhook-signature-verified",
        seen_in="managoat/fountain#390",
        receipts=_EmptySecret,
    ),
    Defect(
        "refuses-but-processes",
        "A bad signature is answered with 400, and the event is processed all the same",
        "webhook-signature-verified",
        also=("webhook-replay-rejected",),
        seen_in="stripe/stripe-node#1254",
        shop=_RefusesButProcesses,
    ),
    Defect(
        "tolerance-off",
        "Old events are accepted: no tolerance is set",
        "webhook-replay-rejected",
        receipts=_NoTolerance,
    ),
    Defect(
        "body-reserialised",
        "The signature is checked over JSON that was parsed and written again",
        "webhook-raw-body-preserved",
        also=("webhook-signature-verified",),
        seen_in="stripe/stripe-node#1254",
        receipts=_Reserialised,
    ),
    Defect(
        "body-parsed-first",
        "The signature is checked over the body as JSON.stringify writes it, so every event is refused",
        "webhook-raw-body-preserved",
        also=("webhook-genuine-event-accepted", "events-triggered", *WITH_A_CONTROL, *ALL_EVENTS_LOST),
        seen_in="stripe/stripe-node#356",
        receipts=_ParsedFirst,
    ),
    Defect(
        "body-limit-too-small",
        "Events above 52 KB are refused",
        "webhook-raw-body-preserved",
        seen_in="mozilla/fxa#8861",
        shop=_SmallLimit,
    ),
    Defect(
        "refunds-ignored",
        "Refund events are acknowledged, and nothing is done",
        "webhook-events-handled",
        also=(
            "payment-states-handled",
            "payment-events-logged",
            "ledger-reconciles",
            "checkout-declined-then-paid",
            "refund-in-parts",
            "refund-in-every-currency",
            "refund-is-not-undone",
        ),
        seen_in="elizaOS/eliza#10920",
        receipts=_RefundsIgnored,
    ),
    Defect(
        "unknown-event-refused",
        "Types of webhook events that it does not know are refused with 400",
        "webhook-unknown-event-acknowledged",
        seen_in="3scale/porta#3086",
        receipts=_UnknownRefused,
    ),
    Defect(
        "malformed-event-crashes",
        "A signed body that is no JSON ends in a 500 with a stack trace",
        "webhook-malformed-event-rejected",
        receipts=_MalformedCrashes,
        shop=_ShowsTraces,
    ),
)
