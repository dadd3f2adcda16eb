"""Paying on Stripe's own page, coming back from it, and asking Stripe about what was never told.

A Checkout Session's order follows the session's PaymentIntent, which exists once the customer has confirmed: paid at
once, or days later by a bank (docs.stripe.com/checkout/fulfillment). Whoever asks first, the return page, a webhook
event or the reconciliation, brings the order to what Stripe shows then; the goods go out once.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from aiohttp import web

from stripe_audit.demo.orders import Orders, Refusal
from stripe_audit.demo.products import PRODUCTS, price_of

if TYPE_CHECKING:
    from stripe_audit.demo.app import Shop

__all__ = ["CheckoutOrders", "add_checkout"]

_TABLE = "CREATE TABLE IF NOT EXISTS sessions (session TEXT PRIMARY KEY, order_id TEXT NOT NULL)"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CheckoutOrders(Orders):
    """Orders that can be paid on Stripe's page too."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.store.run(_TABLE)

    async def create_checkout(self, data: Any) -> dict[str, Any]:
        """A Checkout Session for an order; the same order gives the same session. Raises Refusal."""
        wanted = self.read_request(data)
        async with self._locks[wanted["id"]]:
            order = self.taken(wanted)
            known = self.store.row("SELECT session FROM sessions WHERE order_id = :id", {"id": order["id"]})
            if known is not None:
                session = await self.stripe.session(known["session"])
            else:
                key = f"checkout-{order['id']}"
                session = await self.stripe.create_session(self.session_params(order), key=key)
                values = {"session": session["id"], "order": order["id"]}
                self.store.run("INSERT OR IGNORE INTO sessions (session, order_id) VALUES (:session, :order)", values)
        self.journal.info("checkout created", order=order["id"], checkout_session=session["id"])
        return {"sessionId": session["id"], "url": session["url"], "orderId": order["id"]}

    def session_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What Stripe is asked for: the price comes from the catalogue, the order's id goes along everywhere."""
        metadata = {"order_id": order["id"]}
        name = next(product.name for product in PRODUCTS if product.id == order["item"])
        price = {
            "currency": order["currency"],
            "unit_amount": price_of(order["item"], order["currency"], 1),
            "product_data": {"name": name},
        }
        return {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": order["quantity"]}],
            "customer_email": order["email"],
            "client_reference_id": order["id"],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata, "description": f"Order {order['id']}"},
            "success_url": "https://shop.example.com/checkout/done",
        }

    def apply_session(self, order: Mapping[str, Any], session: Mapping[str, Any], event_type: str) -> None:
        """Bring an order to what its session shows now, in the caller's transaction."""
        intent = session.get("payment_intent")
        if isinstance(intent, Mapping):
            self.store.run("UPDATE orders SET intent = :intent WHERE id = :id", {"intent": intent["id"], **_id(order)})
        if session["status"] == "expired":
            self.expire(order, event_type)
        elif session["status"] == "complete" and isinstance(intent, Mapping):
            self.apply(order, intent, event_type)

    def expire(self, order: Mapping[str, Any], event_type: str) -> None:
        """The customer never paid: the order is over."""
        self.store.run("UPDATE orders SET status = 'canceled' WHERE id = :id AND status = 'open'", _id(order))
        self.journal.info("payment event", order=order["id"], event_type=event_type, state="canceled")

    def order_of_session(self, identity: str) -> dict[str, Any] | None:
        """The order that a session was made for."""
        statement = "SELECT orders.* FROM orders JOIN sessions ON order_id = orders.id WHERE session = :session"
        return self.store.row(statement, {"session": identity})

    async def returned(self, intent_id: str, told: str) -> str:
        """The customer comes back: the order's state, from what Stripe says and not from the address of the page.

        ``told`` is what the address claims (``redirect_status``).
        """
        order = self.store.order_of(intent_id)
        if order is None:
            return "unknown"
        return await self.refreshed(order, intent_id, "return page")

    async def returned_for(self, named: str, intent_id: str, told: str) -> str:
        """Whatever order the address names: the PaymentIntent has its own."""
        return await self.returned(intent_id, told)

    async def refreshed(self, order: Mapping[str, Any], intent_id: str, cause: str) -> str:
        """Ask Stripe, and follow."""
        async with self.following[order["id"]]:
            intent = await self.stripe.intent(intent_id)
            with self.store.transaction():
                self.apply(order, intent, cause)
        return str(self.shown(order["id"])["status"])

    async def reconcile(self, identity: str) -> dict[str, Any]:
        """Ask Stripe about an order whose webhook event may have been lost. Raises Refusal."""
        order = self.store.order(identity)
        if order is None:
            raise Refusal(404, "unknown_order", "There is no such order.")
        known = self.store.row("SELECT session FROM sessions WHERE order_id = :id", {"id": identity})
        if known is not None and not order["intent"]:
            async with self.following[identity]:
                session = await self.stripe.session(known["session"])
                with self.store.transaction():
                    self.apply_session(order, session, "reconciliation")
        elif order["intent"]:
            await self.refreshed(order, order["intent"], "reconciliation")
        return {"orderId": identity, "status": self.shown(identity)["status"]}


def _id(order: Mapping[str, Any]) -> dict[str, str]:
    return {"id": str(order["id"])}


def add_checkout(app: web.Application, shop: Shop) -> None:
    """The routes; ``reconcile`` is for the people who run the shop."""

    async def create(request: web.Request) -> web.Response:
        shop.turns.take()
        try:
            made = await shop.orders.create_checkout(await shop.body(request))
        except Refusal:
            shop.turns.refused()
            raise
        return web.json_response(made, headers={"Cache-Control": "no-store"})

    async def done(request: web.Request) -> web.Response:
        intent, told = request.query.get("payment_intent", "")[:80], request.query.get("redirect_status", "")[:20]
        state = await shop.orders.returned_for(request.query.get("order", "")[:80], intent, told)
        thanks = {"paid": "Thank you. Your order is on its way.", "failed": "Your payment failed. Please try again."}
        text = escape(thanks.get(state, "We are waiting for your payment."))
        page = f'<!doctype html><html lang="en"><title>Your order</title><p>{text}</p></html>'
        headers = shop.pages.headers(is_secure=request.scheme == "https")
        return web.Response(text=page, content_type="text/html", headers={**headers, "Cache-Control": "no-store"})

    async def reconcile(request: web.Request) -> web.Response:
        token = shop.config.operator_token
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            raise Refusal(401, "unauthorized", "This is for the people who run the shop.")
        return web.json_response(await shop.orders.reconcile(request.match_info["order"]))

    app.router.add_post("/api/checkout-sessions", create)
    app.router.add_get("/checkout/done", done)
    app.router.add_post("/api/orders/{order}/reconcile", reconcile)
