"""Defects that a customer can use: payments of other orders, prices that the request names, orders that change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from stripe_audit.demo.app import Shop
from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _AmountNotCompared(CheckoutOrders):
    """Whatever succeeded pays for the order."""

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        due = {"amount": intent["amount"], "currency": intent["currency"]}
        super().apply({**order, **due}, intent, event_type)


class _ReturnPageTakesAny(CheckoutOrders):
    """Asks Stripe whether the payment in the address succeeded, and not whose it is."""

    async def returned_for(self, named: str, intent_id: str, told: str) -> str:
        order, intent = self.store.order(named), await self.stripe.intent(intent_id)
        if order is None or intent["status"] != "succeeded":
            return await self.returned(intent_id, told)
        with self.store.transaction():
            self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id AND status = 'open'", {"id": named})
            self.fulfil(order)
        return "paid"


class _OrderFromMetadata(Receipts):
    """The order is the one that the PaymentIntent's metadata name."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        data = (event.get("data") or {}).get("object") or {}
        order = self.store.order(str((data.get("metadata") or {}).get("order_id")))
        if order is None or intent_id is None:
            await super().follow(event, intent_id)
            return
        async with self.orders.following[order["id"]]:
            intent = await self.current(event, intent_id)
            with self.store.transaction():
                if self.claim(event):
                    self.orders.apply(order, intent, event["type"])


class _MetadataPassedOn(_AmountNotCompared):
    """The request's metadata are merged into the PaymentIntent's."""

    async def create_payment(self, data: Any) -> dict[str, Any]:
        given = data.get("metadata") if isinstance(data, Mapping) else None
        if isinstance(given, Mapping):
            self.__dict__.setdefault("_given", {})[data.get("order")] = dict(given)
        return await super().create_payment(data)

    def intent_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().intent_params(order)
        return {**params, "metadata": {**params["metadata"], **self.__dict__.get("_given", {}).get(order["id"], {})}}


async def _said(shop: Shop, request: web.Request, name: str) -> Any:
    """A member of the request's body, where it has one."""
    try:
        data = await shop.body(request) if request.can_read_body else None
    except Refusal:
        return None
    return data.get(name) if isinstance(data, Mapping) else None


class _ResumesNamedPayment(Shop):
    """The page remembers its PaymentIntent, and another try goes on with the one that it names."""

    async def retry(self, request: web.Request) -> web.Response:
        named = await _said(self, request, "paymentIntentId")
        if not isinstance(named, str) or not named.startswith("pi_"):
            return await super().retry(request)
        identity = request.match_info["order"]
        intent = await self.stripe.intent(named)
        self.store.run("UPDATE orders SET intent = :intent WHERE id = :id", {"intent": intent["id"], "id": identity})
        return web.json_response({"clientSecret": intent["client_secret"], "paymentIntentId": intent["id"]})


class _ReusesNamedPayment(_AmountNotCompared):
    """A new order takes over the PaymentIntent that the cart had before, by the id in the request."""

    async def create_payment(self, data: Any) -> dict[str, Any]:
        named = data.get("payment_intent_id") if isinstance(data, Mapping) else None
        if isinstance(named, str) and named:
            order = self.taken(self.read_request(data))
            self.store.run("UPDATE orders SET intent = :intent WHERE id = :id", {"intent": named, "id": order["id"]})
            intent = await self.stripe.intent(named)
            return {
                "clientSecret": intent["client_secret"],
                "paymentIntentId": named,
                "orderId": order["id"],
                "amount": intent["amount"],
            }
        return await super().create_payment(data)


class _OldPaymentStaysOpen(_AmountNotCompared):
    """An order may change, and gets a new PaymentIntent then; the old one can still be paid, and pays for it."""

    def taken(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return super().taken(wanted)
        except Refusal:
            self.store.run(
                "UPDATE orders SET item = :item, quantity = :quantity, currency = :currency, amount = :amount,"
                " intent = NULL WHERE id = :id",
                wanted,
            )
            order = self.store.order(wanted["id"])
            assert order is not None
            return order


class _CheckoutTakes(CheckoutOrders):
    """A member of the request finds its way into the session."""

    member = ""

    async def create_checkout(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and self.member in data:
            self.__dict__.setdefault("_named", {})[data.get("order")] = data[self.member]
        return await super().create_checkout(data)

    def named(self, order: Mapping[str, Any]) -> Any:
        """What the customer said."""
        return self.__dict__.get("_named", {}).get(order["id"])


class _CheckoutTakesPrice(_CheckoutTakes):
    """The page sends the price that it shows along, and it is taken."""

    member = "price"

    def session_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().session_params(order)
        if self.named(order) is not None:
            params["line_items"][0]["price_data"]["unit_amount"] = int(self.named(order))
        return params


class _CheckoutTakesLines(_CheckoutTakes):
    """``line_items`` are passed on as they come."""

    member = "line_items"

    def session_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().session_params(order)
        return {**params, "line_items": self.named(order) or params["line_items"]}


class _RetryTakesAmount(Shop):
    """Tips can be added when paying again, so the amount is updated to what the page says."""

    async def retry(self, request: web.Request) -> web.Response:
        amount = await _said(self, request, "amount")
        answer = await super().retry(request)
        order = self.store.order(request.match_info["order"])
        if isinstance(amount, int) and order:
            await self.stripe.change_intent(order["intent"], {"amount": amount})
        return answer


DEFECTS = (
    Defect(
        "return-page-takes-any-payment",
        "The return page takes the payment in its address for the order in its address",
        "cheap-payment-not-swapped",
        seen_in="themegrill/user-registration#1424",
        orders=_ReturnPageTakesAny,
    ),
    Defect(
        "metadata-name-the-order",
        "The request's metadata reach the PaymentIntent, and name the order that it pays for",
        "cheap-payment-not-swapped",
        also=("first-try-is-over",),
        seen_in="evershopcommerce/evershop#1025",
        orders=_MetadataPassedOn,
        receipts=_OrderFromMetadata,
    ),
    Defect(
        "retry-resumes-any-payment",
        "Another try goes on with the PaymentIntent that the request names",
        "cheap-payment-not-swapped",
        seen_in="strangerstudios/paid-memberships-pro#3767",
        orders=_AmountNotCompared,
        shop=_ResumesNamedPayment,
    ),
    Defect(
        "order-reuses-any-payment",
        "A new order takes over the PaymentIntent that the request names",
        "cheap-payment-not-swapped",
        seen_in="strangerstudios/paid-memberships-pro#3767",
        orders=_ReusesNamedPayment,
    ),
    Defect(
        "old-payment-pays-changed-order",
        "An order that was made dearer is paid with the PaymentIntent that it had before",
        "cheap-payment-not-swapped",
        also=("first-try-is-over",),
        seen_in="woocommerce/woocommerce-gateway-stripe#4093",
        orders=_OldPaymentStaysOpen,
        receipts=_OrderFromMetadata,
    ),
    Defect(
        "checkout-takes-price",
        "The Checkout Session costs what the request says",
        "later-prices-not-trusted",
        seen_in="SecureBananaLabs/bug-bounty#4421",
        orders=_CheckoutTakesPrice,
    ),
    Defect(
        "checkout-takes-line-items",
        "The request's line items are passed on to Stripe",
        "later-prices-not-trusted",
        seen_in="ynnoj/next-stripe#16",
        orders=_CheckoutTakesLines,
    ),
    Defect(
        "retry-takes-amount",
        "Another try changes the payment's amount to what the request says",
        "later-prices-not-trusted",
        seen_in="SecureBananaLabs/bug-bounty#4421",
        shop=_RetryTakesAmount,
    ),
)
