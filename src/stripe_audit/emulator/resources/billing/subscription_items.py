"""Subscription items by themselves (docs.stripe.com/api/subscription_items): each call changes their subscription."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.billing import subscription_changes
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_OF_ITEM = ("discounts", "metadata", "plan", "price", "price_data", "quantity", "tax_rates")


def create(call: Call) -> Obj:
    subscription = _subscription(call, call.params["subscription"], "subscription")
    _change(call, subscription, {})
    made: Obj = subscription["items"]["data"][-1]
    return made


def retrieve(call: Call) -> Obj:
    return call.world.find("subscription_item", call.ids[0])


def update(call: Call) -> Obj:
    item = call.world.find("subscription_item", call.ids[0])
    _change(call, _subscription(call, item["subscription"], "id"), {"id": item["id"]})
    return item


def delete(call: Call) -> Obj:
    item = call.world.find("subscription_item", call.ids[0])
    _change(call, _subscription(call, item["subscription"], "id"), {"id": item["id"], "deleted": True})
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


def listed(call: Call) -> Obj:
    subscription = call.world.find("subscription", call.params["subscription"], "subscription")
    return list_of(call, "subscription_item", among=subscription["items"]["data"])


def _subscription(call: Call, identity: str, param: str) -> Obj:
    subscription = call.world.find("subscription", identity, param)
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise invalid("The items of a canceled subscription cannot be changed.", param)
    return subscription


def _change(call: Call, subscription: Obj, wanted: dict[str, Any]) -> None:
    given = {**wanted, **{name: call.params[name] for name in _OF_ITEM if name in call.params}}
    params = {name: value for name, value in call.params.items() if name not in _OF_ITEM}
    planned = subscription_changes.plan(call, subscription, {**params, "items": [given]})
    subscription_changes.apply(call, subscription, planned, params, snapshot(subscription))


ROUTES = (
    Route("POST", "/v1/subscription_items", create, "subscription_item_create"),
    Route("GET", "/v1/subscription_items", listed, "subscription_item_list"),
    Route("GET", "/v1/subscription_items/{id}", retrieve),
    Route("POST", "/v1/subscription_items/{id}", update, "subscription_item_update"),
    Route("DELETE", "/v1/subscription_items/{id}", delete, "subscription_item_delete"),
)
