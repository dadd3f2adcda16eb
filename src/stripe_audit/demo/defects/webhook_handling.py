"""Defects of phase 2: what happens around the verification: refusals, the mode of an event, the time it takes."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _LiveBelieved(Receipts):
    """An event's mode is not looked at, and the order is looked up by the number in its metadata."""

    async def receive(self, route: str, body: bytes, signature: str | None) -> int:
        event = self.verified(route, body, signature)
        data = (event.get("data") or {}).get("object") or {}
        order = self.store.order(str((data.get("metadata") or {}).get("order_id")))
        if not event.get("livemode") or order is None:
            return await super().receive(route, body, signature)
        with self.store.transaction():
            if self.claim(event):
                self.orders.apply(order, data, event["type"])
        return 200


class _CrashesOnBadTime(Receipts):
    """Its own parser of the header, which expects what Stripe sends."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        for part in (signature or "").split(","):
            if part.startswith("t="):
                int(part.removeprefix("t="))
        return super().verified(route, body, signature)


class _TracesRefusals(Shop):
    """The development mode of the framework is on: what is thrown is shown."""

    def refused(self, refusal: Refusal) -> web.Response:
        if refusal.code != "bad_signature":
            return super().refused(refusal)
        return web.Response(status=400, text="".join(traceback.format_exception(refusal)))


class _ShowsSecret(Receipts):
    """The message was made for whoever set it up."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            return super().verified(route, body, signature)
        except Refusal as refusal:
            raise Refusal(refusal.status, refusal.code, f"No match with {self.secret(route)}.") from None


class _ChoosesParser(Shop):
    """Chooses the parser by the content type, and has none for others."""

    async def webhook(self, route: str, request: web.Request) -> web.Response:
        if request.content_type != "application/json" or "Content-Encoding" in request.headers:
            return self.crashed(KeyError(request.content_type))
        return await super().webhook(route, request)


class _WorksBeforeAnswering(Receipts):
    """What must be done is done first: an invoice is drawn, a mail server asked."""

    async def receive(self, route: str, body: bytes, signature: str | None) -> int:
        status = await super().receive(route, body, signature)
        if route == "payment-succeeded":
            await asyncio.sleep(2.1)
        return status


DEFECTS = (
    Defect(
        "acknowledged-slowly",
        "One webhook route works for two seconds before it answers",
        "webhook-acknowledged-quickly",
        perhaps=("events-triggered", "webhook-outlives-mail"),  # as long as that is waited for
        seen_in="payloadcms/payload#10890",
        receipts=_WorksBeforeAnswering,
    ),
    Defect(
        "live-events-believed",
        "An event of live mode changes a test order that its metadata name",
        "webhook-mode-checked",
        seen_in="integrallis/stripe_event#33",
        receipts=_LiveBelieved,
    ),
    Defect(
        "bad-signature-crashes",
        "A signature whose time is no number ends in a 500",
        "webhook-refusal-disciplined",
        receipts=_CrashesOnBadTime,
    ),
    Defect(
        "bad-signature-traced",
        "A bad signature is answered with a stack trace",
        "webhook-refusal-disciplined",
        also=("webhook-malformed-event-rejected",),
        shop=_TracesRefusals,
    ),
    Defect(
        "bad-signature-shows-secret",
        "The answer to a bad signature quotes the secret",
        "webhook-refusal-disciplined",
        also=("webhook-malformed-event-rejected",),
        receipts=_ShowsSecret,
    ),
    Defect(
        "other-content-type-crashes",
        "An event in another content type or encoding than JSON ends in a 500",
        "webhook-malformed-event-rejected",
        shop=_ChoosesParser,
    ),
)
