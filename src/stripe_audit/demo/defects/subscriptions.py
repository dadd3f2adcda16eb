"""Defects of phase 3 in subscriptions: what is active, until when, and what an invoice is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.products import Plan
from stripe_audit.demo.subscriptions import SubscriptionOrders
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]

Invoices = Sequence[Mapping[str, Any]]


class _ActiveAtStart(SubscriptionOrders):
    """Whatever exists at Stripe is active."""

    def subscription_state(self, subscription: Mapping[str, Any]) -> str:
        return "paid" if subscription["status"] == "incomplete" else super().subscription_state(subscription)

    async def subscription_for(self, order: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
        made = await super().subscription_for(order, plan)
        self.store.run("UPDATE orders SET status = 'paid' WHERE id = :id AND status = 'open'", {"id": order["id"]})
        return made


class _MonthPerEvent(SubscriptionOrders):
    """Each event is handled once, but several tell of one invoice."""

    def hand_over(self, order: Mapping[str, Any], invoice: Mapping[str, Any]) -> None:
        self.store.run("DELETE FROM months WHERE invoice = :invoice", {"invoice": invoice["id"]})
        super().hand_over(order, invoice)


class _InvoicePeriod(SubscriptionOrders):
    """``invoice.period_end`` looks back: on a renewal it is the day of the renewal."""

    def end_of(self, invoice: Mapping[str, Any]) -> int:
        return int(invoice["period_end"])


class _UnpaidMonthGiven(SubscriptionOrders):
    """Stripe's current period is taken for what was paid for."""

    def apply_subscription(
        self, order: Mapping[str, Any], subscription: Mapping[str, Any], invoices: Invoices, event_type: str
    ) -> None:
        super().apply_subscription(order, subscription, invoices, event_type)
        end = subscription["items"]["data"][0]["current_period_end"]
        if invoices:
            values = {"invoice": f"period-{subscription['id']}-{end}", "order": order["id"], "ends": end}
            self.store.run("INSERT OR IGNORE INTO months VALUES (:invoice, :order, :ends)", values)


class _OverdueForEver(SubscriptionOrders):
    """Once overdue, a subscription waits for somebody to look at it."""

    def apply_subscription(
        self, order: Mapping[str, Any], subscription: Mapping[str, Any], invoices: Invoices, event_type: str
    ) -> None:
        current = self.store.order(order["id"]) or {}
        if current.get("status") != "past_due":
            super().apply_subscription(order, subscription, invoices, event_type)


class _EventBelieved(Receipts):
    """The status is copied out of the event."""

    async def current_subscription(self, event: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
        if event["type"] == "customer.subscription.updated":
            return dict(event["data"]["object"])
        return await super().current_subscription(event, subscription_id)


class _PlannedEndIsEnd(SubscriptionOrders):
    def subscription_state(self, subscription: Mapping[str, Any]) -> str:
        is_planned = subscription["cancel_at_period_end"]
        return "canceled" if is_planned else super().subscription_state(subscription)


class _TrialForEver(SubscriptionOrders):
    """A trial is active, and nobody hears that it ended."""

    def subscription_state(self, subscription: Mapping[str, Any]) -> str:
        return "paid" if subscription["trial_end"] else super().subscription_state(subscription)


class _TrialCharged(SubscriptionOrders):
    """The days of trial are on the page, and not in the request."""

    def subscription_params(self, order: Mapping[str, Any], plan: Plan, customer: str, price: str) -> dict[str, Any]:
        params = super().subscription_params(order, plan, customer, price)
        return {name: value for name, value in params.items() if not name.startswith("trial_")}


DEFECTS = (
    Defect(
        "subscription-active-at-start",
        "A subscription is active as soon as it exists, before anything is paid",
        "subscription-paid-at-start",
        seen_in="kortix-ai/suna#6247",
        orders=_ActiveAtStart,
    ),
    Defect(
        "month-per-event",
        "Each event about a paid invoice hands its month over",
        "subscription-paid-at-start",
        also=(
            "subscription-overdue",
            "subscription-renewed",
        ),
        seen_in="restrictcontentpro/restrict-content-pro#595",
        orders=_MonthPerEvent,
    ),
    Defect(
        "invoice-period-taken",
        "A month ends when its invoice's own period does, which is when it begins",
        "subscription-renewed",
        also=(
            "subscription-overdue",
            "subscription-paid-at-start",
        ),
        seen_in="vm0-ai/vm0#9777",
        orders=_InvoicePeriod,
    ),
    Defect(
        "unpaid-month-given",
        "A renewal lengthens the subscription, whether its invoice is paid or not",
        "subscription-overdue",
        seen_in="theopenco/llmgateway#3832",
        orders=_UnpaidMonthGiven,
    ),
    Defect(
        "overdue-for-ever",
        "A subscription that was overdue stays so after its invoice is paid",
        "subscription-overdue",
        orders=_OverdueForEver,
    ),
    Defect(
        "old-event-reactivates",
        "The status is copied out of the event, so that an old one reactivates a canceled subscription",
        "subscription-canceled",
        also=("subscription-orders-explored",),
        seen_in="laravel/cashier-stripe#1201",
        receipts=_EventBelieved,
    ),
    Defect(
        "planned-end-ends-at-once",
        "A subscription that is to end with its period ends at once",
        "subscription-canceled",
        seen_in="screenpipe/screenpipe#3843",
        orders=_PlannedEndIsEnd,
    ),
    Defect(
        "trial-for-ever",
        "A trial that ended without a payment goes on",
        "trial-ends",
        seen_in="penpot/penpot#11349",
        orders=_TrialForEver,
    ),
    Defect(
        "trial-charged",
        "What is announced as a trial is charged from the first day",
        "trial-ends",
        orders=_TrialCharged,
    ),
)
