"""Subscriptions: their routes (docs.stripe.com/api/subscriptions). ``subscription_machine`` moves them."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of, search
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.billing import (
    invoice_items,
    invoice_payments,
    pending_updates,
    subscription_bills,
    subscription_changes,
    subscription_machine,
    subscription_start,
)
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.prorations import prorate
from stripe_audit.emulator.resources.billing.subscription_terms import check_settings, lay_over
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_OVER = ("canceled", "incomplete_expired")
_OF_CANCELED = ("cancellation_details", "metadata", "expand")


def create(call: Call) -> Obj:
    if not call.params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    if not call.params.get("items"):
        raise invalid("Missing required param: items.", "items", "parameter_missing")
    return subscription_start.start(call, customers.living(call, call.params["customer"], "customer"))


def retrieve(call: Call) -> Obj:
    return call.world.find("subscription", call.ids[0])


def update(call: Call) -> Obj:
    subscription, params, world = call.world.find("subscription", call.ids[0]), call.params, call.world
    if subscription["status"] in _OVER:
        return _update_canceled(call, subscription)
    customer = world.store.by_id[subscription["customer"]]
    now = now_of(world, subscription)
    check_settings(call, customer, params.get("collection_method") or subscription["collection_method"], now)
    pending_updates.check(call, subscription)
    planned = subscription_changes.plan(call, subscription, params)
    is_trial_over = params.get("trial_end") == "now" and subscription["status"] == "trialing"
    if is_trial_over and _stops(call, subscription):
        return subscription
    before = snapshot(subscription)
    lay_over(call, subscription, customer)
    _note_details(subscription, params)
    for index, given in enumerate(params.get("add_invoice_items") or []):
        parent = {"subscription": subscription["id"], "subscription_item": None}
        invoice_items.new(
            call,
            customer,
            {**given, "period": None},
            f"add_invoice_items[{index}]",
            parent={"subscription_details": parent, "type": "subscription_details"},
        )
    subscription_changes.apply(call, subscription, planned, params, before)
    return subscription


def _update_canceled(call: Call, subscription: Obj) -> Obj:
    frozen = [name for name in call.params if name not in _OF_CANCELED]
    if frozen:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
            frozen[0],
            "invalid_canceled_subscription_fields",
        )
    with changing(call.world, call, subscription, "customer.subscription.updated"):
        change(subscription, call.params, ())
        _note_details(subscription, call.params)
    return subscription


def _note_details(subscription: Obj, params: dict[str, Any]) -> None:
    if params.get("cancellation_details"):
        subscription["cancellation_details"] = {
            **subscription["cancellation_details"],
            **params["cancellation_details"],
        }


def _stops(call: Call, subscription: Obj) -> bool:
    """Whether a trial that is ended now ends in a pause, as there is nothing to pay with."""
    given = call.params.get("trial_settings") or subscription["trial_settings"] or {}
    wanted = (given.get("end_behavior") or {}).get("missing_payment_method")
    if wanted not in ("pause", "cancel") or subscription_machine.has_method(call.world, subscription):
        return False
    now = now_of(call.world, subscription)
    subscription["trial_end"] = now
    subscription_bills.set_period(subscription["items"]["data"], subscription["trial_start"] or now, now)
    if wanted == "pause":
        subscription_machine.pause(call.world, call, subscription)
    else:
        subscription_machine.cancel(call.world, call, subscription, reason="payment_failed")
    return True


def cancel(call: Call) -> Obj:
    subscription, params, world = call.world.find("subscription", call.ids[0]), call.params, call.world
    if subscription["status"] in _OVER:
        raise missing_resource("subscription", call.ids[0], "id")
    is_billed = subscription["status"] in ("active", "past_due")
    if params.get("prorate") and is_billed:
        items = subscription["items"]["data"]
        for item in prorate(world, subscription, items, [], now_of(world, subscription)):
            world.store.add(item, owner=subscription["customer"])
            world.emit("invoiceitem.created", item, call)
    if params.get("invoice_now"):
        _invoice_rest(call, subscription)
    given = {name: value for name, value in (params.get("cancellation_details") or {}).items() if name != "reason"}
    subscription_machine.cancel(world, call, subscription, reason="cancellation_requested", **given)
    return subscription


def _invoice_rest(call: Call, subscription: Obj) -> None:
    """Bill what still waits for an invoice. A refusal of the card does not keep the subscription alive."""
    invoice = subscription_bills.bill(call.world, call, subscription, "subscription_update", [])
    subscription["latest_invoice"] = invoice["id"]
    subscription_machine.collect_now(call, subscription, invoice, "allow_incomplete")


def resume(call: Call) -> Obj:
    """Bill a paused subscription again; it is active once its invoice is paid."""
    subscription, params, world = call.world.find("subscription", call.ids[0]), call.params, call.world
    if subscription["status"] != "paused":
        raise invalid(f"Only paused subscriptions can be resumed; this one's status is {subscription['status']}.", "id")
    if subscription["collection_method"] == "charge_automatically" and not subscription_machine.has_method(
        world, subscription
    ):
        raise ApiError(invoice_payments.NO_METHOD, code="resource_missing")
    now = now_of(world, subscription)
    items = subscription["items"]["data"]
    given = params.get("billing_cycle_anchor") or "now"
    with changing(world, call, subscription, "customer.subscription.updated"):
        if (given.get("type") if isinstance(given, dict) else given) == "now":
            subscription["billing_cycle_anchor"] = now
        subscription_bills.set_period(items, now, subscription_bills.period_after(subscription, items, now))
        start, end = subscription_bills.period_of(subscription)
        lines = subscription_bills.period_lines(world, subscription, items, start, end)
        invoice = subscription_bills.bill(world, call, subscription, "subscription_update", lines)
        subscription["latest_invoice"] = invoice["id"]
    subscription_machine.collect_now(call, subscription, invoice, "allow_incomplete")
    return subscription


def listed(call: Call) -> Obj:
    """All but canceled ones, unless ``status`` says otherwise."""
    params = call.params
    matches = equal_to(call, "collection_method", "customer", "test_clock")
    price = params.get("price") or params.get("plan")
    among = {"ended": _OVER, "all": None}.get(params.get("status") or "", (params.get("status"),))

    def fits(one: Obj) -> bool:
        if params.get("status") is None:
            is_wanted = one["status"] not in _OVER
        else:
            is_wanted = among is None or one["status"] in among
        prices = [item["price"]["id"] for item in one["items"]["data"]]
        return is_wanted and matches(one) and (price is None or price in prices)

    return list_of(call, "subscription", fits)


def found(call: Call) -> Obj:
    return search(call, "subscription")


ROUTES = (
    Route("POST", "/v1/subscriptions", create, "subscription_create"),
    Route("GET", "/v1/subscriptions", listed, "subscription_list"),
    Route("GET", "/v1/subscriptions/search", found, "subscription_search"),
    Route("GET", "/v1/subscriptions/{id}", retrieve),
    Route("POST", "/v1/subscriptions/{id}", update, "subscription_update"),
    Route("DELETE", "/v1/subscriptions/{id}", cancel, "subscription_cancel"),
    Route("POST", "/v1/subscriptions/{id}/resume", resume, "subscription_resume", about="subscription"),
)
