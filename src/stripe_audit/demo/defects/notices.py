"""Defects of what is said: in the log, to the customer, to the people who run the shop, by the health route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.subscriptions import SubscriptionOrders as Orders
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _RefundsUnlogged(Orders):
    """Only what brings money is worth a line."""

    def log_change(self, order: Mapping[str, Any], intent: Mapping[str, Any], state: str, event_type: str) -> None:
        if state in ("paid", "failed", "canceled", "open"):
            super().log_change(order, intent, state, event_type)


class _ReceiptPerEvent(Orders):
    """Every event that finds the order paid for sends the receipt."""

    def fulfil(self, order: Mapping[str, Any]) -> None:
        first = self.store.run("UPDATE orders SET fulfilled = 1 WHERE id = :id AND fulfilled = 0", {"id": order["id"]})
        known = self.store.order(order["id"]) or order
        if first or known["refunded"]:
            self.__dict__["_key"] = known["refunded"]
            self.send_receipt(order)

    def send_receipt(self, order: Mapping[str, Any]) -> None:
        text = f"Thank you. Order {order['id']} is paid and on its way."
        key = f"receipt-{order['id']}-{self.__dict__.get('_key', 0)}"
        self.outbox.queue(key, order["email"], f"Receipt for order {order['id']}", text)


class _RetryLinkDead(Orders):
    def report_failure(self, order: Mapping[str, Any], intent: Mapping[str, Any]) -> None:
        charge = intent.get("latest_charge") or {}
        attempt = charge.get("id", "none") if isinstance(charge, Mapping) else str(charge)
        text = f"Your payment was declined.\n\nTry again: /orders/{order['id']}/pay"
        self.outbox.queue(f"failed-{attempt}", order["email"], f"Order {order['id']}: payment declined", text)
        self.alert(f"alert-{attempt}", f"Payment failed for order {order['id']}", f"PaymentIntent {intent['id']}")


class _ReasonMailed(Orders):
    """The mail tells what the page hides."""

    def report_failure(self, order: Mapping[str, Any], intent: Mapping[str, Any]) -> None:
        code = (intent.get("last_payment_error") or {}).get("decline_code") or "unknown"
        charge = intent.get("latest_charge") or {}
        attempt = charge.get("id", "none") if isinstance(charge, Mapping) else str(charge)
        text = f"Your bank says: {code.replace('_', ' ')}.\n\nTry again: /checkout?order={order['id']}"
        self.outbox.queue(f"failed-{attempt}", order["email"], f"Order {order['id']}: payment declined", text)
        self.alert(f"alert-{attempt}", f"Payment failed for order {order['id']}", f"PaymentIntent {intent['id']}")


class _OwnersWordsShown(Orders):
    """What Stripe tells the account's owner is the most helpful text that there is."""

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        charge = intent.get("latest_charge") or {}
        told = (charge.get("outcome") or {}).get("seller_message") if isinstance(charge, Mapping) else None
        self.store.run("UPDATE orders SET failure = :told WHERE id = :id", {"told": told, "id": order["id"]})
        super().apply(order, intent, event_type)

    def failure_message(self, order: Mapping[str, Any]) -> str | None:
        known = self.store.order(order["id"]) or {}
        return known.get("failure") if order["status"] == "failed" else None


class _RarerDeclinesUntold(Orders):
    """Whatever is no plain decline is left as it was: the customer may try again, and is not told to."""

    def state_of(self, intent: Mapping[str, Any]) -> str:
        error = intent.get("last_payment_error") or {}
        state = super().state_of(intent)
        return "open" if state == "failed" and error.get("code") in ("expired_card", "incorrect_cvc") else state


class _HandlerFailsQuietly(Receipts):
    def report(self, event_id: str, error: Exception) -> None:
        return


class _AlwaysOk(Shop):
    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})


class _DatabaseAskedOnly(Shop):
    """A SELECT of a constant, which a database answers that stores nothing any more."""

    async def health(self, request: web.Request) -> web.Response:
        self.store.row("SELECT 1")
        return web.json_response({"status": "ok", "stripe": "ok" if self.stripe.is_reachable else "unreachable"})


class _RenewalUntold(Orders):
    """The shop waits for the last retry."""

    def report_overdue(self, order: Mapping[str, Any], subscription: Mapping[str, Any]) -> None:
        return


DEFECTS = (
    Defect(
        "refunds-unlogged",
        "Refunds and disputes leave no line in the log",
        "payment-events-logged",
        orders=_RefundsUnlogged,
    ),
    Defect(
        "receipt-again-on-refund",
        "A customer who gets money back is thanked once more for having paid",
        "customer-notified",
        seen_in="dotkom/onlineweb4#2348",
        orders=_ReceiptPerEvent,
    ),
    Defect(
        "retry-link-dead",
        "The mail after a decline leads to a page that does not exist",
        "customer-notified",
        seen_in="getsentry/sentry#45515",
        orders=_RetryLinkDead,
    ),
    Defect(
        "decline-reason-mailed",
        "The mail after a decline says that the card was reported lost",
        "decline-reported-safely",
        seen_in="hackclub/hcb#2606",
        orders=_ReasonMailed,
    ),
    Defect(
        "owners-words-shown",
        "The customer reads what Stripe tells the account's owner: that the payment looks too risky",
        "decline-reported-safely",
        seen_in="code-corps/code-corps-api#1216",
        orders=_OwnersWordsShown,
    ),
    Defect(
        "rarer-declines-untold",
        "After an expired card or a wrong CVC nobody tells the customer that the payment failed",
        "decline-reported-safely",
        seen_in="Automattic/wp-calypso#41028",
        orders=_RarerDeclinesUntold,
    ),
    Defect(
        "handler-fails-quietly",
        "Nobody is told of a webhook event that cannot be handled",
        "webhook-failure-alerted",
        seen_in="fossasia/eventyay#4296",
        receipts=_HandlerFailsQuietly,
    ),
    Defect("health-always-ok", "The health route says ok, whatever is gone", "health-shows-trouble", shop=_AlwaysOk),
    Defect(
        "health-asks-for-a-constant",
        "The health route asks the database for a constant, and says ok while nothing can be stored",
        "health-shows-trouble",
        seen_in="microservices-demo/user#20",
        shop=_DatabaseAskedOnly,
    ),
    Defect(
        "failed-renewal-untold",
        "A subscriber whose renewal is declined hears nothing",
        "failed-renewal-told",
        seen_in="koala73/worldmonitor#4796",
        orders=_RenewalUntold,
    ),
)
