"""Invoices that are to come, or would: computed, and not kept (docs.stripe.com/api/invoices/create_preview)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.billing import drafts, invoice_items, subscription_bills, subscription_changes
from stripe_audit.emulator.resources.billing.changes import embedded
from stripe_audit.emulator.resources.billing.discounts import peeked
from stripe_audit.emulator.resources.billing.lines import of_invoice_item
from stripe_audit.emulator.resources.billing.prorations import prorate
from stripe_audit.emulator.resources.billing.subscription_terms import check_uniform, make_item
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.billing.totals import Entry, settle
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "upcoming"]


def upcoming(world: World, subscription: Obj) -> Obj:
    """The subscription's next invoice, as things are."""
    start, end = subscription_bills.period_of(subscription)
    items = subscription["items"]["data"]
    following = subscription_bills.period_after(subscription, items, end)
    customer = world.store.by_id[subscription["customer"]]
    pending = drafts.pending_items(world, customer, subscription["currency"], subscription["id"])
    invoice = subscription_bills.shell(world, subscription, "upcoming", period_start=start, period_end=end)
    invoice["next_payment_attempt"] = end + drafts.FINALIZES_AFTER
    lines = subscription_bills.period_lines(world, subscription, items, end, following)
    return _added_up(world, invoice, [*_entries(world, invoice, pending), *_paired(invoice, lines, items)])


def _entries(world: World, invoice: Obj, items: list[Obj]) -> list[Entry]:
    return [Entry(of_invoice_item(world, item), item["tax_rates"] or invoice["default_tax_rates"]) for item in items]


def _paired(invoice: Obj, lines: list[Obj], items: list[Obj]) -> list[Entry]:
    rates = [item["tax_rates"] or invoice["default_tax_rates"] for item in items]
    return [Entry(line, own) for line, own in zip(lines, rates, strict=True)]


def _added_up(world: World, invoice: Obj, entries: list[Entry]) -> Obj:
    identity = f"upcoming_{invoice['id']}"
    invoice["id"] = identity
    for entry in entries:
        entry.line["invoice"] = identity
    invoice["lines"] = embedded([entry.line for entry in entries], f"/v1/invoices/{identity}/lines")
    customer = world.store.get("customer", invoice["customer"]) or {}
    settle(world, invoice, entries, customer.get("balance") or 0)
    return invoice


def preview(call: Call) -> Obj:
    """The next invoice of a subscription, of one with these changes, of a new one, or of a customer's pending items."""
    world, params = call.world, call.params
    subscription = (
        world.find("subscription", params["subscription"], "subscription") if params.get("subscription") else None
    )
    if "schedule" in params or "schedule_details" in params:
        raise invalid("The emulator does not preview schedules.", "schedule")
    identity = params.get("customer") or (subscription or {}).get("customer")
    if not identity:
        raise invalid(
            "The emulator previews invoices of a customer or of a subscription.", "customer", "parameter_missing"
        )
    customer = customers.living(call, identity, "customer")
    details = params.get("subscription_details") or {}
    if subscription is not None:
        invoice, entries = _changed(call, subscription, details)
    elif details.get("items"):
        invoice, entries = _new(call, customer, details)
    else:
        invoice = drafts.blank_invoice(world, customer, _currency(call, customer), billing_reason="upcoming")
        pending = drafts.pending_items(world, customer, invoice["currency"])
        entries = _entries(world, invoice, pending)
    extra = [
        invoice_items.make(call, customer, {"currency": invoice["currency"], **item}, f"invoice_items[{index}]")
        for index, item in enumerate(params.get("invoice_items") or [])
    ]
    entries += _entries(world, invoice, extra)
    if not entries:
        raise ApiError("Nothing to invoice for customer", code="invoice_upcoming_none", status=404)
    if "discounts" in params:
        invoice["discounts"] = peeked(call, params["discounts"], "discounts", customer, invoice["currency"])
    return _added_up(world, invoice, entries)


def _currency(call: Call, customer: Obj) -> str:
    return currency_of(call.params) if call.params.get("currency") else customer["currency"] or "usd"


def _changed(call: Call, subscription: Obj, details: dict[str, Any]) -> tuple[Obj, list[Entry]]:
    world = call.world
    change = subscription_changes.plan(call, subscription, details)
    shown = {**subscription, **change.settings}
    start, end = subscription_bills.period_of(subscription)
    credits: list[Obj] = []
    behavior = details.get("proration_behavior") or "create_prorations"
    if details and behavior != "none" and subscription["status"] != "trialing":
        date = details.get("proration_date") or now_of(world, subscription)
        before = subscription["items"]["data"]
        credits = prorate(world, subscription, before, change.items, date, charges=not change.restarts)
    invoice = subscription_bills.shell(world, shown, "upcoming", period_start=start, period_end=end)
    pending = drafts.pending_items(
        world, world.store.by_id[subscription["customer"]], subscription["currency"], subscription["id"]
    )
    entries = _entries(world, invoice, [*pending, *credits])
    if behavior == "always_invoice" and credits and not change.restarts:
        return invoice, entries
    begins = change.items[0]["current_period_start"] if change.restarts else end
    ends = subscription_bills.period_after(shown, change.items, begins)
    lines = subscription_bills.period_lines(world, shown, change.items, begins, ends)
    return invoice, [*entries, *_paired(invoice, lines, change.items)]


def _new(call: Call, customer: Obj, details: dict[str, Any]) -> tuple[Obj, list[Entry]]:
    world, now = call.world, now_of(call.world, customer)
    items = [
        make_item(call, "", given, f"subscription_details[items][{index}]", now, customer)
        for index, given in enumerate(details["items"])
    ]
    check_uniform(items)
    shown: Obj = {"billing_cycle_anchor": now, "id": None, "metadata": {}}
    end = subscription_bills.period_after(shown, items, now)
    invoice = drafts.blank_invoice(world, customer, items[0]["price"]["currency"], billing_reason="upcoming")
    lines = subscription_bills.period_lines(world, shown, items, now, end)
    return invoice, _paired(invoice, lines, items)


ROUTES = (Route("POST", "/v1/invoices/create_preview", preview, "invoice_create_preview", about="invoice"),)
