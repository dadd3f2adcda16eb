"""Drafts of invoices: made, filled with lines, and added up again after every change.

Source: docs.stripe.com/invoicing/overview, docs.stripe.com/api/invoices/object.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.resources.billing.changes import changing, embedded
from stripe_audit.emulator.resources.billing.discounts import is_in_force
from stripe_audit.emulator.resources.billing.lines import of_invoice_item, rates_of
from stripe_audit.emulator.resources.billing.times import HOUR, now_of
from stripe_audit.emulator.resources.billing.totals import settle
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = [
    "FINALIZES_AFTER",
    "add_up",
    "blank_invoice",
    "include",
    "keep",
    "leave_out",
    "pending_items",
    "renew_line",
    "subscription_behind",
    "subscription_parent",
]

FINALIZES_AFTER = HOUR
"""docs.stripe.com/invoicing/integration/automatic-advancement-collection: drafts are finalized after about an hour."""


def blank_invoice(world: World, customer: Obj, currency: str, **values: Any) -> Obj:
    """A draft without lines, not kept. It inherits the customer's discount unless ``discounts`` are given."""
    now = now_of(world, customer)
    identity = world.ids.new("in")
    own = customer["discount"]
    tax_ids = world.store.members("tax_id", customer["id"])
    invoice = blank(
        "invoice",
        id=identity,
        object="invoice",
        account_country="US",
        account_name="Emulator",
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_paid_off_stripe=0,
        amount_remaining=0,
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        auto_advance=False,
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None},
        billing_reason="manual",
        collection_method="charge_automatically",
        created=now,
        currency=currency,
        customer=customer["id"],
        customer_address=snapshot(customer["address"]),
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=snapshot(customer["shipping"]),
        customer_tax_exempt=customer["tax_exempt"],
        customer_tax_ids=[{"type": one["type"], "value": one["value"]} for one in tax_ids],
        default_tax_rates=[],
        discounts=[own["id"]] if own is not None and is_in_force(own, now) else [],
        issuer={"type": "self"},
        lines=embedded([], f"/v1/invoices/{identity}/lines"),
        livemode=False,
        metadata={},
        payment_settings={"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        period_end=now,
        period_start=now,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        subtotal=0,
        test_clock=customer["test_clock"],
        total=0,
    )
    invoice.update(values)
    return invoice


def keep(world: World, call: Call | None, invoice: Obj, lines: list[Obj], items: list[Obj]) -> Obj:
    """Keep a draft with lines of its own and those of invoice items, and tell of it."""
    world.store.add(invoice, owner=invoice["customer"])
    _join(world, invoice, lines, items)
    add_up(world, invoice)
    if invoice["auto_advance"]:
        invoice["automatically_finalizes_at"] = invoice["created"] + FINALIZES_AFTER
    world.emit("invoice.created", invoice, call)
    return invoice


def include(world: World, call: Call | None, invoice: Obj, items: list[Obj]) -> None:
    """Put invoice items into a draft."""
    with changing(world, call, invoice, "invoice.updated"):
        _join(world, invoice, [], items)
        add_up(world, invoice)


def _join(world: World, invoice: Obj, lines: list[Obj], items: list[Obj]) -> None:
    for item in items:
        item["invoice"] = invoice["id"]
    made = [of_invoice_item(world, item) for item in items]
    for line in (*made, *lines):
        line["invoice"] = invoice["id"]
        world.store.add(line, owner=invoice["id"])
    _show(invoice, [*invoice["lines"]["data"], *made, *lines])


def _show(invoice: Obj, lines: list[Obj]) -> None:
    invoice["lines"] = embedded(lines, invoice["lines"]["url"])


def renew_line(world: World, call: Call | None, invoice: Obj, item: Obj) -> None:
    """Have a draft's line say what its invoice item now says."""
    with changing(world, call, invoice, "invoice.updated"):
        for line in invoice["lines"]["data"]:
            if _is_of(line, item):
                line.update(of_invoice_item(world, item), id=line["id"], invoice=invoice["id"])
        add_up(world, invoice)


def leave_out(world: World, call: Call | None, invoice: Obj, item: Obj) -> None:
    """Take an invoice item's line out of a draft."""
    with changing(world, call, invoice, "invoice.updated"):
        gone = [line for line in invoice["lines"]["data"] if _is_of(line, item)]
        _show(invoice, [line for line in invoice["lines"]["data"] if line not in gone])
        for line in gone:
            world.store.remove(line)
        add_up(world, invoice)


def _is_of(line: Obj, item: Obj) -> bool:
    details = line["parent"]["invoice_item_details"]
    return bool(details and details["invoice_item"] == item["id"])


def add_up(world: World, invoice: Obj) -> None:
    """Bring a draft's amounts up to date with its lines, rates, discounts, and the customer's balance."""
    customer = world.store.by_id[invoice["customer"]]
    entries = [rates_of(world, invoice, line) for line in invoice["lines"]["data"]]
    is_same_currency = customer.get("currency") in (None, invoice["currency"])
    has_part = is_same_currency and "balance" in customer and invoice["id"] not in world.billing.prepaid
    settle(world, invoice, entries, customer["balance"] if has_part else 0)


def pending_items(world: World, customer: Obj, currency: str, subscription: str | None = None) -> list[Obj]:
    """Invoice items that wait for the customer's next invoice: for a subscription's also those of no subscription."""
    return [
        item
        for item in world.store.members("invoiceitem", customer["id"])
        if item["id"] in world.store.by_id
        and item["invoice"] is None
        and item["currency"] == currency
        and _subscription_of(item) in (None, subscription)
    ]


def _subscription_of(item: Obj) -> str | None:
    details = (item["parent"] or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found


def subscription_parent(subscription: Obj) -> dict[str, Any]:
    """The ``parent`` of an invoice that a subscription is billed with."""
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
        "type": "subscription_details",
    }


def subscription_behind(invoice: Obj) -> str | None:
    """The id of the subscription that the invoice bills."""
    found: str | None = ((invoice["parent"] or {}).get("subscription_details") or {}).get("subscription")
    return found
