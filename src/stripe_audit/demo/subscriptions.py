"""Subscriptions: a month is paid for by an invoice, and access lasts as long as the invoices that were paid.

Whatever event arrives, the order follows what Stripe shows then: the subscription's status, and its paid invoices, each
of which hands a month over once (docs.stripe.com/billing/subscriptions/webhooks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.products import Plan, plan_of

if TYPE_CHECKING:
    from stripe_audit.demo.app import Shop

__all__ = ["SubscriptionOrders", "add_subscriptions", "subscription_behind"]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS subscriptions (subscription TEXT PRIMARY KEY, order_id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS months (invoice TEXT PRIMARY KEY, order_id TEXT NOT NULL, ends INTEGER NOT NULL)",
)
_STATES = {
    "trialing": "trialing",
    "active": "paid",
    "past_due": "past_due",
    "unpaid": "past_due",
    "paused": "paused",
    "canceled": "canceled",
    "incomplete_expired": "canceled",
}


def subscription_behind(data: Mapping[str, Any]) -> str | None:
    """The subscription that an object is, or that an invoice belongs to."""
    if data.get("object") == "subscription":
        return str(data.get("id"))
    parent = data.get("parent") or {}
    found = (parent.get("subscription_details") or {}).get("subscription") if isinstance(parent, Mapping) else None
    return found if isinstance(found, str) else None


class SubscriptionOrders(CheckoutOrders):
    """Orders that go on from month to month, too."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        for statement in _SCHEMA:
            self.store.run(statement)

    async def create_subscription(self, data: Any) -> dict[str, Any]:
        """A subscription for an order; the same order gives the same subscription. Raises Refusal."""
        given = data if isinstance(data, Mapping) else {}
        plan = plan_of(given.get("plan"))
        if plan is None:
            raise Refusal(400, "unknown_plan", "There is no such plan.")
        first = {"item": "mug", "quantity": 1, "currency": "usd"}  # the rest of the request is checked as any other
        asked = self.read_request({**given, **first})
        wanted = {**asked, "item": plan.id, "currency": plan.currency, "amount": plan.amount}
        async with self._locks[wanted["id"]]:
            order = self.taken(wanted)
            subscription = await self.subscription_for(order, plan)
        self.journal.info("subscription created", order=order["id"], subscription=subscription["id"])
        invoice, setup = subscription.get("latest_invoice") or {}, subscription.get("pending_setup_intent") or {}
        secret = (invoice.get("confirmation_secret") or {}).get("client_secret") or setup.get("client_secret")
        return {"subscriptionId": subscription["id"], "clientSecret": secret, "orderId": order["id"]}

    async def subscription_for(self, order: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
        """The order's subscription, made if there is none yet."""
        known = self.store.row("SELECT subscription FROM subscriptions WHERE order_id = :id", {"id": order["id"]})
        if known is not None:
            return await self.stripe.subscription(known["subscription"])
        customer = (await self.customer({"email": order["email"]}))["customerId"]
        price = await self.stripe.monthly_price(plan.id, plan.name, self.plan_amount(plan), plan.currency)
        params = self.subscription_params(order, plan, customer, price)
        made = await self.stripe.create_subscription(params, key=f"subscription-{order['id']}")
        values = {"subscription": made["id"], "order": order["id"]}
        self.store.run("INSERT OR IGNORE INTO subscriptions VALUES (:subscription, :order)", values)
        return made

    def plan_amount(self, plan: Plan) -> int:
        """What a month costs, in minor units."""
        return plan.amount

    def subscription_params(self, order: Mapping[str, Any], plan: Plan, customer: str, price: str) -> dict[str, Any]:
        """What Stripe is asked for: nothing is active before it is paid, and a trial ends by itself."""
        trial = {
            "trial_period_days": plan.trial_days,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        }
        return {
            "customer": customer,
            "items": [{"price": price}],
            "payment_behavior": "default_incomplete",
            "payment_settings": {"save_default_payment_method": "on_subscription"},
            "metadata": {"order_id": order["id"]},
            **(trial if plan.trial_days else {}),
        }

    def order_of_subscription(self, identity: str) -> dict[str, Any] | None:
        """The order that a subscription was made for."""
        statement = (
            "SELECT orders.* FROM orders JOIN subscriptions ON order_id = orders.id WHERE subscription = :subscription"
        )
        return self.store.row(statement, {"subscription": identity})

    def apply_subscription(
        self,
        order: Mapping[str, Any],
        subscription: Mapping[str, Any],
        invoices: Sequence[Mapping[str, Any]],
        event_type: str,
    ) -> None:
        """Bring an order to what its subscription shows now, in the caller's transaction."""
        state = self.subscription_state(subscription)
        self.store.run("UPDATE orders SET status = :state WHERE id = :id", {"state": state, "id": order["id"]})
        for invoice in invoices:
            self.hand_over(order, invoice)
        if state == "past_due":
            self.report_overdue(order, subscription)
        level = self.journal.error if state == "past_due" else self.journal.info
        level("subscription event", order=order["id"], event_type=event_type, state=state)

    def subscription_state(self, subscription: Mapping[str, Any]) -> str:
        """The order's state, from the subscription's status."""
        return _STATES.get(subscription["status"], "open")

    def hand_over(self, order: Mapping[str, Any], invoice: Mapping[str, Any]) -> None:
        """Give the month that an invoice pays for: once for each. A free trial is no month that was paid for."""
        values = {"invoice": invoice["id"], "order": order["id"], "ends": self.end_of(invoice)}
        is_new = self.store.run("INSERT OR IGNORE INTO months VALUES (:invoice, :order, :ends)", values)
        if is_new and invoice["amount_paid"] > 0:
            self.count_month(order)
            text = f"Thank you. Another month of order {order['id']} is paid."
            self.outbox.queue(f"month-{invoice['id']}", order["email"], f"Receipt for order {order['id']}", text)

    def count_month(self, order: Mapping[str, Any]) -> None:
        """One more month was handed over."""
        self.store.run("UPDATE orders SET fulfilled = fulfilled + 1 WHERE id = :id", {"id": order["id"]})

    def end_of(self, invoice: Mapping[str, Any]) -> int:
        """When the time that an invoice pays for ends, in Unix seconds."""
        return max((int(line["period"]["end"]) for line in invoice["lines"]["data"]), default=0)

    def report_overdue(self, order: Mapping[str, Any], subscription: Mapping[str, Any]) -> None:
        """Ask the customer for another card, and tell the shop; once for each invoice."""
        invoice = subscription.get("latest_invoice") or {}
        key = invoice.get("id") if isinstance(invoice, Mapping) else invoice
        text = f"Your card was declined. To keep order {order['id']}, give us another: /checkout?order={order['id']}"
        self.outbox.queue(f"overdue-{key}", order["email"], f"Order {order['id']}: payment declined", text)
        self.alert(f"overdue-alert-{key}", f"Renewal failed for order {order['id']}", f"Invoice {key}")

    def shown(self, identity: str) -> dict[str, Any]:
        """With the end of what is paid for, where it is a subscription."""
        ends = self.store.row("SELECT MAX(ends) AS ends FROM months WHERE order_id = :id", {"id": identity})
        return {**super().shown(identity), "paidUntil": ends and ends["ends"]}

    async def reconcile(self, identity: str) -> dict[str, Any]:
        """Subscriptions too. Raises Refusal."""
        known = self.store.row("SELECT subscription FROM subscriptions WHERE order_id = :id", {"id": identity})
        order = self.store.order(identity)
        if known is None or order is None:
            return await super().reconcile(identity)
        async with self.following[identity]:
            subscription = await self.stripe.subscription(known["subscription"])
            invoices = await self.stripe.paid_invoices(known["subscription"])
            with self.store.transaction():
                self.apply_subscription(order, subscription, invoices, "reconciliation")
        return {"orderId": identity, "status": self.shown(identity)["status"]}


def add_subscriptions(app: web.Application, shop: Shop) -> None:
    """The route."""

    async def create(request: web.Request) -> web.Response:
        shop.turns.take()
        try:
            made = await shop.orders.create_subscription(await shop.body(request))
        except Refusal:
            shop.turns.refused()
            raise
        return web.json_response(made, headers={"Cache-Control": "no-store"})

    app.router.add_post("/api/subscriptions", create)
