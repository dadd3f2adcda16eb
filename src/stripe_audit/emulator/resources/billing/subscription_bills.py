"""The invoices of a subscription: for a period, for a change within one, and the one that is to come."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.resources.billing import drafts
from stripe_audit.emulator.resources.billing.discounts import coupon_behind, is_in_force
from stripe_audit.emulator.resources.billing.lines import of_subscription_item
from stripe_audit.emulator.resources.billing.subscription_terms import interval_of
from stripe_audit.emulator.resources.billing.times import DAY, next_boundary, now_of
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["bill", "period_after", "period_lines", "period_of", "set_period", "shell", "spend_discounts"]


def period_of(subscription: Obj) -> tuple[int, int]:
    """Start and end of the current period."""
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def set_period(items: list[Obj], start: int, end: int) -> None:
    """Have all items be in this period."""
    for item in items:
        item.update(current_period_start=start, current_period_end=end)


def period_after(subscription: Obj, items: list[Obj], start: int) -> int:
    """The end of the period that begins at ``start``."""
    interval, count = interval_of(items[0])
    return next_boundary(subscription["billing_cycle_anchor"], interval, count, start)


def period_lines(
    world: World, subscription: Obj, items: list[Obj], start: int, end: int, amounts: list[int] | None = None
) -> list[Obj]:
    """A line per item for a period, at its price or at these amounts."""
    wanted: list[int | None] = list(amounts) if amounts else [None] * len(items)
    return [
        of_subscription_item(world, subscription, item, start, end, amount)
        for item, amount in zip(items, wanted, strict=True)
    ]


def shell(world: World, subscription: Obj, reason: str, **values: Any) -> Obj:
    """An invoice of the subscription without lines, not kept."""
    customer = world.store.by_id[subscription["customer"]]
    invoice = drafts.blank_invoice(
        world,
        customer,
        subscription["currency"],
        auto_advance=True,
        automatic_tax={**subscription["automatic_tax"], "provider": None, "status": None},
        billing_reason=reason,
        collection_method=subscription["collection_method"],
        default_tax_rates=list(subscription["default_tax_rates"] or []),
        description=subscription["description"],
        footer=subscription["invoice_settings"].get("footer"),
        on_behalf_of=subscription["on_behalf_of"],
        parent=drafts.subscription_parent(subscription),
    )
    options = (subscription["payment_settings"] or {}).get("payment_method_options")
    invoice["payment_settings"]["payment_method_options"] = options
    if subscription["collection_method"] == "send_invoice":
        invoice["due_date"] = invoice["created"] + (subscription["days_until_due"] or 0) * DAY
    if subscription["discounts"]:
        now = now_of(world, subscription)
        own = [world.store.by_id[identity] for identity in subscription["discounts"]]
        invoice["discounts"] = [discount["id"] for discount in own if is_in_force(discount, now)]
    invoice.update(values)
    return invoice


def bill(
    world: World,
    call: Call | None,
    subscription: Obj,
    reason: str,
    lines: list[Obj],
    *,
    items: list[Obj] | None = None,
    **values: Any,
) -> Obj:
    """Draft an invoice of these lines and the pending invoice items (or of ``items`` in their place); it is kept."""
    customer = world.store.by_id[subscription["customer"]]
    invoice = shell(world, subscription, reason, **values)
    if items is None:
        items = drafts.pending_items(world, customer, subscription["currency"], subscription["id"])
    drafts.keep(world, call, invoice, lines, items)
    customer["currency"] = customer.get("currency") or subscription["currency"]
    return invoice


def spend_discounts(world: World, subscription: Obj) -> None:
    """Drop the discounts that were for one invoice, and those whose months are over."""
    now = now_of(world, subscription)
    subscription["discounts"] = [
        identity
        for identity in subscription["discounts"]
        if coupon_behind(world, identity)["duration"] != "once" and is_in_force(world.store.by_id[identity], now)
    ]
