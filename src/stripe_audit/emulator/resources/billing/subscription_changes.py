"""Changes to a subscription's items and billing cycle: planned, billed, and only then applied.

Source: docs.stripe.com/api/subscriptions/update, docs.stripe.com/billing/subscriptions/change-price.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.billing import pending_updates, subscription_bills, subscription_machine
from stripe_audit.emulator.resources.billing.discounts import applied
from stripe_audit.emulator.resources.billing.pricing import price_given
from stripe_audit.emulator.resources.billing.prorations import prorate
from stripe_audit.emulator.resources.billing.subscription_terms import (
    check_uniform,
    interval_of,
    make_item,
    set_price,
    trial_end_given,
)
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.times import DAY, now_of
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["Change", "apply", "plan"]


@dataclass(slots=True)
class Change:
    """What a subscription is to become. ``items`` are copies; ``settings`` its own fields."""

    items: list[Obj]
    settings: dict[str, Any] = field(default_factory=dict)
    restarts: bool = False
    """Whether a new period begins now."""


def plan(call: Call, subscription: Obj, params: dict[str, Any]) -> Change:
    """What the parameters ask for. Raises ApiError 400 for what cannot be, before anything is changed."""
    now = now_of(call.world, subscription)
    customer = call.world.store.by_id[subscription["customer"]]
    date = params.get("proration_date")
    if date is not None and not subscription_bills.period_of(subscription)[0] <= date <= now + 366 * DAY:
        raise invalid("The proration date must lie within the current period.", "proration_date")
    items = [dict(item) for item in subscription["items"]["data"]]
    for index, given in enumerate(params.get("items") or []):
        _plan_item(call, subscription, items, given, f"items[{index}]", now, customer)
    check_uniform(items)
    if items[0]["price"]["currency"] != subscription["currency"]:
        raise invalid("The currency of a subscription cannot be changed.", "items")
    change = Change(items)
    _plan_trial(change, subscription, params, now)
    anchor = params.get("billing_cycle_anchor")
    is_other = interval_of(items[0]) != interval_of(subscription["items"]["data"][0])
    wants_restart = (anchor.get("type") if isinstance(anchor, dict) else anchor) == "now"
    if (is_other or wants_restart) and "trial_end" not in change.settings and subscription["status"] != "trialing":
        change.restarts = True
        change.settings["billing_cycle_anchor"] = now
    if change.restarts:
        start = {**subscription, **change.settings}
        subscription_bills.set_period(items, now, subscription_bills.period_after(start, items, now))
    return change


def _plan_item(
    call: Call, subscription: Obj, items: list[Obj], given: dict[str, Any], param: str, now: int, customer: Obj
) -> None:
    identity = given.get("id")
    if identity is None:
        item = make_item(call, subscription["id"], given, param, now, customer)
        start, end = subscription_bills.period_of(subscription)
        subscription_bills.set_period([item], start, end)
        items.append(item)
        return
    item = next((one for one in items if one["id"] == identity), {})
    if not item:
        call.world.find("subscription_item", identity, f"{param}[id]")
        raise invalid(f"The subscription item {identity} belongs to another subscription.", f"{param}[id]")
    if given.get("deleted"):
        items.remove(item)
        return
    price = price_given(call, given, param, is_recurring=True)
    if price is not None or given.get("quantity") is not None:
        is_kept = price is None or price["recurring"]["usage_type"] == item["price"]["recurring"]["usage_type"]
        quantity = given.get("quantity", item["quantity"] if is_kept else None)
        set_price(item, price or item["price"], quantity, param)
    change(item, given, ())
    if "tax_rates" in given:
        item["tax_rates"] = rates_given(call, given["tax_rates"], f"{param}[tax_rates]")
    if "discounts" in given:
        made = applied(
            call,
            given["discounts"],
            f"{param}[discounts]",
            customer,
            subscription["currency"],
            subscription_item=identity,
        )
        item["discounts"] = [discount["id"] for discount in made]


def _plan_trial(change: Change, subscription: Obj, params: dict[str, Any], now: int) -> None:
    wanted = params.get("trial_end")
    if wanted == "now" and subscription["status"] == "trialing":
        change.restarts = True
        change.settings.update(trial_end=now, billing_cycle_anchor=now)
    elif wanted not in (None, "now"):
        end = trial_end_given({"trial_end": wanted}, change.items, now)
        change.settings.update(
            trial_end=end, trial_start=subscription["trial_start"] or now, billing_cycle_anchor=end, status="trialing"
        )
        for item in change.items:
            item["current_period_end"] = end


def apply(call: Call, subscription: Obj, change: Change, params: dict[str, Any], before: Obj) -> None:
    """Bill a change and make it. ``before`` is the subscription as it was before other settings were laid over it.

    Raises ApiError 402, and leaves all but the voided invoice as it was, where ``error_if_incomplete`` says so.
    """
    world, now = call.world, now_of(call.world, subscription)
    behavior = params.get("proration_behavior") or "create_prorations"
    items_before = before["items"]["data"]
    is_billed = subscription["status"] in ("active", "past_due", "unpaid") and not change.settings.get("trial_end")
    credits: list[Obj] = []
    if is_billed and behavior != "none":
        date = params.get("proration_date") or now
        credits = prorate(world, subscription, items_before, change.items, date, charges=not change.restarts)
    fresh = [item for item in change.items if item["id"] not in world.store.by_id]
    for item in fresh:
        world.store.add(item, owner=subscription["id"])
    for item in credits:
        world.store.add(item, owner=subscription["customer"])
        world.emit("invoiceitem.created", item, call)
    if change.restarts or (behavior == "always_invoice" and credits):
        try:
            invoice = _bill(call, subscription, change, params)
        except ApiError:
            for item in (*fresh, *credits):
                world.store.remove(item)
            subscription.update({name: before[name] for name in before if name != "items"})
            raise
        if invoice["status"] == "open" and params.get("payment_behavior") == pending_updates.BEHAVIOR:
            pending_updates.keep(call, subscription, change, invoice, fresh)
            return
        subscription["latest_invoice"] = invoice["id"]
        if invoice["status"] == "open" and subscription["collection_method"] == "charge_automatically":
            change.settings["status"] = "past_due"
        elif change.restarts and subscription["status"] == "trialing":
            change.settings["status"] = "active"
    pending_updates.make(world, call, subscription, change, before)


def _bill(call: Call, subscription: Obj, change: Change, params: dict[str, Any]) -> Obj:
    world = call.world
    lines: list[Obj] = []
    if change.restarts:
        start, end = change.items[0]["current_period_start"], change.items[0]["current_period_end"]
        lines = subscription_bills.period_lines(world, subscription, change.items, start, end)
    invoice = subscription_bills.bill(world, call, subscription, "subscription_update", lines)
    subscription_bills.spend_discounts(world, subscription)
    if params.get("payment_behavior") == pending_updates.BEHAVIOR:
        world.billing.tentative.add(invoice["id"])
    if subscription["collection_method"] == "charge_automatically":
        subscription_machine.collect_now(
            call, subscription, invoice, params.get("payment_behavior") or "allow_incomplete"
        )
    return invoice
