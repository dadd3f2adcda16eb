"""Defects of phase 2: who hears of what, and acts twice upon what is told twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.stripe_side import StripeSide
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]

_TWINS = ("invoice.paid", "invoice.payment_succeeded")
_OF_PAYMENTS = ("payment_intent.", "charge.", "checkout.session.")


class _BothTold(Receipts):
    """Either event of a paid invoice is taken for a payment; what is remembered is the event."""

    async def handle(self, event: Mapping[str, Any]) -> None:
        is_new = not self.is_handled(event)
        await super().handle(event)
        invoice = (event.get("data") or {}).get("object") or {}
        if is_new and event["type"] in _TWINS and invoice.get("customer_email"):
            text = "Thank you. Another month is paid."
            self.orders.outbox.queue(f"paid-{event['id']}", invoice["customer_email"], "Your month is paid", text)


class _Platform(StripeSide):
    """A marketplace: it opens accounts for its sellers."""

    async def check_key(self) -> None:
        await super().check_key()
        await self._call(self._client.v1.accounts.create, {"type": "express", "country": "US"})


def _both_subscribed(client: Any, url: str) -> None:
    for endpoint in client.v1.webhook_endpoints.list({"limit": 100}).data:
        if endpoint.url.endswith("/invoice-paid"):
            client.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": list(_TWINS)})


def _for_connected_only(client: Any, url: str) -> None:
    """Whoever registered the endpoints chose events on connected accounts."""
    for endpoint in client.v1.webhook_endpoints.list({"limit": 100}).data:
        if any(kind.startswith(_OF_PAYMENTS) for kind in endpoint.enabled_events):
            client.v1.webhook_endpoints.delete(endpoint.id)
            told = {"url": endpoint.url, "enabled_events": list(endpoint.enabled_events), "connect": True}
            client.v1.webhook_endpoints.create(told)


DEFECTS = (
    Defect(
        "invoice-counted-twice",
        "invoice.paid and invoice.payment_succeeded are both taken for a payment",
        "paid-invoice-counted-once",
        receipts=_BothTold,
        account=_both_subscribed,
    ),
    Defect(
        "connected-accounts-unheard",
        "The shop opens accounts for its sellers, and no endpoint hears of connected accounts",
        "webhook-scope-right",
        seen_in="stripe/sync-engine#43",
        stripe=_Platform,
    ),
    Defect(
        "endpoints-for-connected-only",
        "The endpoints are for events on connected accounts, and the payments are on the shop's own",
        "webhook-scope-right",
        also=("*",),  # no event of a payment is ever delivered
        seen_in="BasedHardware/omi#1779",
        account=_for_connected_only,
    ),
)
