"""Defects that only a whole journey shows: currencies, repeated tries, parts of refunds, checkout, recovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders
from stripe_audit.demo.webhooks import Receipts
from stripe_audit.money import from_minor

__all__ = ["DEFECTS"]


class _HeldBackByHundred(Orders):
    """Before goods go out, what was paid is divided by 100 and compared with the price, whatever the currency."""

    def fulfil(self, order: Mapping[str, Any]) -> None:
        price, paid = from_minor(order["amount"], order["currency"]), order["amount"] / 100
        if abs(float(price) - paid) > 0.005:
            self.journal.error("held back for review", order=order["id"], paid=paid)
            return
        super().fulfil(order)


class _ClosedAfterDeclines(Orders):
    """Three failures close the order, and leave its PaymentIntent open."""

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        if order["failure"] == "closed":
            return
        if event_type == "payment_intent.payment_failed":
            tries = int(order["failure"] or 0) + 1
            kept = {"failure": "closed" if tries >= 3 else str(tries), "id": order["id"]}
            self.store.run("UPDATE orders SET failure = :failure WHERE id = :id", kept)
        super().apply(order, intent, event_type)


class _ChallengeEndsOrder(Orders):
    """A failed 3D Secure challenge is taken for the end of the order."""

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        if order["failure"] == "challenge":
            return
        error = intent.get("last_payment_error") or {}
        if error.get("code") == "payment_intent_authentication_failure":
            self.store.run("UPDATE orders SET failure = 'challenge' WHERE id = :id", {"id": order["id"]})
        super().apply(order, intent, event_type)


class _PartsNeverWhole(Orders):
    """Once partially refunded, always partially refunded."""

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        if order["status"] == "partially_refunded" and self.state_of(intent) == "refunded":
            return
        super().apply(order, intent, event_type)


class _CompletedIgnored(Receipts):
    """checkout.session.completed only tells of the intent; paid sessions wait for an event that never comes."""

    async def follow_session(self, event: Mapping[str, Any], session_id: str) -> None:
        if event["type"] != "checkout.session.completed":
            await super().follow_session(event, session_id)
            return
        session = await self.current_session(event, session_id)
        if session["payment_status"] == "unpaid":
            await super().follow_session(event, session_id)


class _UnpaidFulfilled(CheckoutOrders):
    """Complete is taken for paid."""

    def apply_session(self, order: Mapping[str, Any], session: Mapping[str, Any], event_type: str) -> None:
        super().apply_session(order, session, event_type)
        if event_type == "checkout.session.completed":
            self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id", {"id": order["id"]})
            self.fulfil(order)


class _SessionEventsOnly(Receipts):
    """Orders of checkout follow their session's events alone, and each event tells what was true when it was made."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        statement = "SELECT 1 FROM sessions JOIN orders ON order_id = orders.id WHERE intent = :intent"
        if self.store.row(statement, {"intent": intent_id}) is None:
            await super().follow(event, intent_id)

    async def current_session(self, event: Mapping[str, Any], session_id: str) -> dict[str, Any]:
        session = await super().current_session(event, session_id)
        if event["type"] == "checkout.session.completed" and event["data"]["object"]["payment_status"] == "unpaid":
            session["payment_intent"] = {**session["payment_intent"], "status": "processing"}
        return session


class _DelayedSuccessIgnored(_SessionEventsOnly):
    async def handle(self, event: Mapping[str, Any]) -> None:
        if event["type"] != "checkout.session.async_payment_succeeded":
            await super().handle(event)


class _DelayedFailureIgnored(_SessionEventsOnly):
    async def handle(self, event: Mapping[str, Any]) -> None:
        if event["type"] != "checkout.session.async_payment_failed":
            await super().handle(event)


class _ExpiredStaysOpen(CheckoutOrders):
    def expire(self, order: Mapping[str, Any], event_type: str) -> None:
        self.journal.info("session expired", order=order["id"])


class _ReconciledByStatusOnly(CheckoutOrders):
    """Sets the order to paid, and leaves the goods where they are."""

    async def reconcile(self, identity: str) -> dict[str, Any]:
        order = self.store.order(identity)
        if order and order["intent"] and (await self.stripe.intent(order["intent"]))["status"] == "succeeded":
            self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id", {"id": identity})
        return {"orderId": identity, "status": "done"}


class _OwnWayToSend(CheckoutOrders):
    """A second way to hand the goods over, which the webhook's handler knows nothing of."""

    def send(self, identity: str) -> None:
        self.store.run("UPDATE orders SET status = 'paid', failure = 'sent' WHERE id = :id", {"id": identity})

    def shown(self, identity: str) -> dict[str, Any]:
        shown = super().shown(identity)
        order = self.store.order(identity)
        return {**shown, "fulfilled": shown["fulfilled"] + int(bool(order and order["failure"] == "sent"))}


class _ReconciliationFulfilsAgain(_OwnWayToSend):
    async def reconcile(self, identity: str) -> dict[str, Any]:
        order = self.store.order(identity)
        if order and order["intent"] and (await self.stripe.intent(order["intent"]))["status"] == "succeeded":
            self.send(identity)
        return {"orderId": identity, "status": "done"}


class _ReturnPageFulfilsToo(_OwnWayToSend):
    async def returned(self, intent_id: str, told: str) -> str:
        order = self.store.order_of(intent_id)
        intent = await self.stripe.intent(intent_id) if order else None
        if order and intent and intent["status"] == "succeeded" and order["fulfilled"] == 0:
            self.send(order["id"])
        return "paid" if intent and intent["status"] == "succeeded" else "open"


class _ReturnPageBelieves(CheckoutOrders):
    """``redirect_status=succeeded`` in the address is taken for a payment."""

    async def returned(self, intent_id: str, told: str) -> str:
        order = self.store.order_of(intent_id)
        if order and told == "succeeded":
            with self.store.transaction():
                self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id", {"id": order["id"]})
                self.fulfil(order)
            return "paid"
        return await super().returned(intent_id, told)


DEFECTS = (
    Defect(
        "amounts-compared-by-hundred",
        "Paid orders are held back where dividing by 100 does not give the price: in yen and in dinars",
        "journey-in-every-currency",
        orders=_HeldBackByHundred,
    ),
    Defect(
        "closed-after-declines",
        "After three declines the order is closed, and its PaymentIntent is not",
        "declines-then-success",
        orders=_ClosedAfterDeclines,
    ),
    Defect(
        "challenge-ends-order",
        "A failed 3D Secure challenge ends the order, and the success after it is ignored",
        "failed-authentication-then-success",
        orders=_ChallengeEndsOrder,
    ),
    Defect(
        "parts-never-whole",
        "Partial refunds that add up to everything leave the order partially refunded",
        "refund-in-parts",
        orders=_PartsNeverWhole,
    ),
    Defect(
        "checkout-completed-ignored",
        "Sessions that are paid at once are never fulfilled",
        "checkout-fulfilled-once-paid",
        also=(
            "unpaid-checkout-not-fulfilled",
            "ledger-reconciles",
            "checkout-declined-then-paid",
            "checkout-in-every-currency",
        ),
        receipts=_CompletedIgnored,
    ),
    Defect(
        "unpaid-checkout-fulfilled",
        "A completed checkout is fulfilled before its payment has come",
        "unpaid-checkout-not-fulfilled",
        also=("delayed-payment-fails",),
        orders=_UnpaidFulfilled,
    ),
    Defect(
        "delayed-success-ignored",
        "checkout.session.async_payment_succeeded is acknowledged, and the order stays pending",
        "delayed-payment-arrives",
        also=(
            "checkout-declined-then-paid",
            "checkout-orders-explored",
        ),
        receipts=_DelayedSuccessIgnored,
    ),
    Defect(
        "delayed-failure-ignored",
        "checkout.session.async_payment_failed is acknowledged, and the order stays pending",
        "delayed-payment-fails",
        also=(
            "checkout-declined-then-paid",
            "checkout-orders-explored",
        ),
        receipts=_DelayedFailureIgnored,
    ),
    Defect(
        "expired-checkout-stays-open",
        "An expired checkout leaves its order open",
        "expired-checkout-closes-order",
        orders=_ExpiredStaysOpen,
    ),
    Defect(
        "reconciled-by-status-only",
        "Reconciliation sets the order to paid, and nothing is handed over",
        "lost-event-reconciled",
        orders=_ReconciledByStatusOnly,
    ),
    Defect(
        "reconciliation-fulfils-again",
        "What reconciliation handed over is handed over again when the event arrives",
        "lost-event-reconciled",
        orders=_ReconciliationFulfilsAgain,
    ),
    Defect(
        "return-page-fulfils-too",
        "The return page hands over what the webhook hands over as well",
        "return-page-races-webhook",
        orders=_ReturnPageFulfilsToo,
    ),
    Defect(
        "return-page-believed",
        "The return page believes redirect_status in its address",
        "return-page-believes-nothing",
        also=("refund-is-not-undone",),
        orders=_ReturnPageBelieves,
    ),
)
