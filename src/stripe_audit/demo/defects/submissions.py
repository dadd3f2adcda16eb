"""Defects that show when an order is submitted more than once: two tabs, double clicks, answers that were lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal

__all__ = ["DEFECTS"]


class _InProgress(CheckoutOrders):
    """A flag says that a payment is being made; whoever fails in between leaves it standing."""

    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["failure"] == "in progress":
            raise Refusal(409, "in_progress", "Your payment is being processed.")
        self._flag(order, "in progress")
        intent = await super().intent_for(order)
        self._flag(order, None)
        return intent

    def _flag(self, order: Mapping[str, Any], value: str | None) -> None:
        self.store.run("UPDATE orders SET failure = :value WHERE id = :id", {"value": value, "id": order["id"]})


class _FirstPaymentCounts(CheckoutOrders):
    """Attempts are counted before Stripe is asked, and the order remembers the payment of the first one alone."""

    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["intent"]:
            return await super().intent_for(order)
        values = {"attempt": order["attempt"] + 1, "id": order["id"]}
        self.store.run("UPDATE orders SET attempt = :attempt WHERE id = :id", values)
        key = self.idempotency_key(order, order["attempt"] + 1)
        intent = await self.stripe.create_intent(self.intent_params(order), key=key)
        statement = "UPDATE orders SET intent = :intent WHERE id = :id AND attempt = 1"
        self.store.run(statement, {"intent": intent["id"], "id": order["id"]})
        return intent


class _RetryOpensAnother(CheckoutOrders):
    """The page for another try gets a payment of its own, and the first one can still be paid."""

    async def retry(self, identity: str) -> dict[str, Any]:
        order = self.store.order(identity)
        if order is None or order["status"] != "open":
            return await super().retry(identity)
        intent = await self.stripe.create_intent(self.intent_params(order), key=None)
        return {"clientSecret": intent["client_secret"], "paymentIntentId": intent["id"], "orderId": identity}


class _NoTurns(dict[str, asyncio.Lock]):
    def __missing__(self, key: str) -> asyncio.Lock:
        return asyncio.Lock()


class _ClicksRace(CheckoutOrders):
    """Looks whether there is a payment already, and nothing keeps a second click from looking at the same moment."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.__dict__["_locks"] = _NoTurns()

    def idempotency_key(self, order: Mapping[str, Any], attempt: int) -> str | None:
        return None


DEFECTS = (
    Defect(
        "payment-in-progress-for-ever",
        "An order counts as being paid from a failed request on, and is refused ever after",
        "lost-answer-recovered",
        also=("stripe-outage-handled",),
        seen_in="stripe/stripe-ios#6378",
        orders=_InProgress,
    ),
    Defect(
        "first-payment-counts",
        "A payment that is offered after a lost answer is not linked to its order",
        "lost-answer-recovered",
        also=("payment-key-stable",),
        seen_in="woocommerce/woocommerce-gateway-stripe#5691",
        orders=_FirstPaymentCounts,
    ),
    Defect(
        "retry-opens-another-payment",
        "The page for another try opens a second payment beside the first, and both can be paid",
        "double-submit-charges-once",
        also=("client-secret-returned-alone",),
        seen_in="medusajs/medusa#15589",
        orders=_RetryOpensAnother,
    ),
    Defect(
        "double-click-races",
        "Two clicks at the same moment make two payments",
        "double-submit-charges-once",
        also=("payment-key-stable",),
        seen_in="tempoxyz/pympp#155",
        orders=_ClicksRace,
    ),
)
