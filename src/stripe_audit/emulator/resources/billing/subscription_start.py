"""How a subscription begins: its first period, its first invoice, and what becomes of its payment.

Source: docs.stripe.com/api/subscriptions/create, docs.stripe.com/billing/subscriptions/overview.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.billing import (
    invoice_items,
    invoice_payments,
    pending_setup,
    subscription_bills,
)
from stripe_audit.emulator.resources.billing.changes import embedded
from stripe_audit.emulator.resources.billing.pricing import amount_of, rounded
from stripe_audit.emulator.resources.billing.subscription_machine import collect_now, has_method, keep_method
from stripe_audit.emulator.resources.billing.subscription_terms import (
    check_settings,
    check_uniform,
    interval_of,
    lay_over,
    make_item,
    trial_end_given,
)
from stripe_audit.emulator.resources.billing.times import DAY, boundary, now_of
from stripe_audit.emulator.resources.metadata import merged
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["TRIAL_NOTICE", "show_items", "start"]

TRIAL_NOTICE = 3 * DAY
"""docs.stripe.com/api/events/types: ``trial_will_end`` comes three days before, or at once for shorter trials."""


def start(call: Call, customer: Obj, *, is_deferred: bool = False, **values: Any) -> Obj:
    """Create a subscription of a call's parameters; ``values`` are laid over it.

    With ``is_deferred``, as schedules do it, the first invoice is a draft that is finalized in an hour, and the
    subscription is active at once. Raises ApiError: 400 for what cannot be, 402 where ``error_if_incomplete`` says so.
    """
    world, params, now = call.world, call.params, now_of(call.world, customer)
    check_settings(call, customer, params.get("collection_method") or "charge_automatically", now)
    behavior = params.get("payment_behavior") or "allow_incomplete"
    if behavior == "pending_if_incomplete":
        raise invalid("`pending_if_incomplete` is for updates of a subscription.", "payment_behavior")
    subscription = _blank(call, customer, params, now)
    items = [
        make_item(call, subscription["id"], given, f"items[{index}]", now, customer)
        for index, given in enumerate(params.get("items") or [])
    ]
    check_uniform(items)
    trial_end = trial_end_given(params, items, now)
    subscription["currency"] = items[0]["price"]["currency"]
    if customer["currency"] not in (None, subscription["currency"]):
        raise invalid(
            f"You cannot combine currencies on a single customer. This customer has had a subscription, coupon, or "
            f"invoice item with currency {customer['currency']}",
            "currency",
        )
    anchor = _anchor(params, items, trial_end, now)
    subscription.update(billing_cycle_anchor=anchor, trial_end=trial_end, trial_start=now if trial_end else None)
    end = trial_end or subscription_bills.period_after(subscription, items, now)
    subscription_bills.set_period(items, now, end)
    show_items(subscription, items)
    lay_over(call, subscription, customer)
    subscription.update(values)
    _check_method(call, subscription, behavior, is_free=bool(trial_end), is_deferred=is_deferred)
    for item in items:
        world.store.add(item, owner=subscription["id"])
    world.store.add(subscription, owner=customer["id"])
    world.billing.starting.add(subscription["id"])
    try:
        _first_invoice(call, customer, subscription, params, behavior, is_deferred=is_deferred)
    except ApiError:
        for made in (subscription, *items):
            world.store.remove(made)
        raise
    finally:
        world.billing.starting.discard(subscription["id"])
    world.emit("customer.subscription.created", subscription, call)
    if trial_end and trial_end - now <= TRIAL_NOTICE:
        world.billing.told.add(("customer.subscription.trial_will_end", subscription["id"], trial_end))
        world.emit("customer.subscription.trial_will_end", subscription, call)
    return subscription


def show_items(subscription: Obj, items: list[Obj]) -> None:
    """Put these items into the subscription."""
    subscription["items"] = embedded(items, f"/v1/subscription_items?subscription={subscription['id']}")


def _blank(call: Call, customer: Obj, params: dict[str, Any], now: int) -> Obj:
    mode = params.get("billing_mode") or {"type": "flexible"}
    is_flexible = mode["type"] == "flexible"
    return blank(
        "subscription",
        id=call.world.ids.new("sub"),
        object="subscription",
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
        billing_mode={
            "flexible": mode.get("flexible") or {"proration_discounts": "included"} if is_flexible else None,
            "type": mode["type"],
            "updated_at": now if is_flexible else None,
        },
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details={"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        collection_method="charge_automatically",
        created=now,
        customer=customer["id"],
        default_tax_rates=[],
        discounts=[],
        invoice_settings={
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        start_date=now,
        status="incomplete",
        test_clock=customer["test_clock"],
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
    )


def _anchor(params: dict[str, Any], items: list[Obj], trial_end: int | None, now: int) -> int:
    anchor = params.get("billing_cycle_anchor")
    if anchor is None:
        return trial_end or now
    first = trial_end or now
    if not first < anchor <= boundary(first, *interval_of(items[0]), 1):
        raise invalid(
            "billing_cycle_anchor must lie in the future, and not beyond the end of the first full period.",
            "billing_cycle_anchor",
        )
    return int(anchor)


def _check_method(call: Call, subscription: Obj, behavior: str, *, is_free: bool, is_deferred: bool) -> None:
    """Raise ApiError 400 where the first payment is to be tried and there is nothing to pay with."""
    is_tried = subscription["collection_method"] == "charge_automatically" and behavior != "default_incomplete"
    costs = any(item["price"]["unit_amount"] != 0 for item in subscription["items"]["data"])
    if not is_tried or is_free or is_deferred or not costs:
        return
    if subscription["default_payment_method"] is None and not has_method(call.world, subscription):
        raise ApiError(invoice_payments.NO_METHOD, code="resource_missing")


def _first_invoice(
    call: Call, customer: Obj, subscription: Obj, params: dict[str, Any], behavior: str, *, is_deferred: bool
) -> None:
    world = call.world
    for index, given in enumerate(params.get("add_invoice_items") or []):
        invoice_items.new(
            call,
            customer,
            {**given, "period": None},
            f"add_invoice_items[{index}]",
            parent={
                "subscription_details": {"subscription": subscription["id"], "subscription_item": None},
                "type": "subscription_details",
            },
        )
    lines = _first_lines(call, subscription, params)
    invoice = subscription_bills.bill(world, call, subscription, "subscription_create", lines)
    subscription["latest_invoice"] = invoice["id"]
    subscription_bills.spend_discounts(world, subscription)
    subscription["status"] = going = "trialing" if subscription["trial_end"] else "active"
    if is_deferred or subscription["collection_method"] == "send_invoice":
        return
    collect_now(call, subscription, invoice, behavior)
    if behavior == "default_incomplete" and invoice["status"] == "paid":
        pending_setup.ask(call, subscription)
    keep_method(world, subscription, invoice)
    subscription["status"] = going if invoice["status"] == "paid" else "incomplete"


def _first_lines(call: Call, subscription: Obj, params: dict[str, Any]) -> list[Obj]:
    items = subscription["items"]["data"]
    start, end = subscription_bills.period_of(subscription)
    amounts: list[int] | None = None
    if subscription["trial_end"]:
        amounts = [0] * len(items)
    elif subscription["billing_cycle_anchor"] > start:  # a part of a period, until the cycle begins
        if params.get("proration_behavior") == "none":
            return []
        whole = end - boundary(subscription["billing_cycle_anchor"], *interval_of(items[0]), -1)
        share = Decimal(end - start) / whole
        amounts = [rounded(amount_of(item["price"], item["quantity"] or 0) * share) for item in items]
    return subscription_bills.period_lines(call.world, subscription, items, start, end, amounts)
