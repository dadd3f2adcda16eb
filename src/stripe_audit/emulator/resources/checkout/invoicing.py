"""The invoice of a paid Checkout Session that was to have one.

Source: docs.stripe.com/payments/checkout/receipts ("Paid invoices": created once the payment has succeeded).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.resources.billing import drafts, invoice_items, invoice_machine, invoice_payments
from stripe_audit.emulator.resources.billing.discounts import applied
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["bill", "is_wanted"]

_DESCRIBED = ("account_tax_ids", "custom_fields", "description", "footer")


def is_wanted(session: Obj) -> bool:
    """Whether the session is to be followed by an invoice of its own; a subscription always has one."""
    return bool((session["invoice_creation"] or {}).get("enabled"))


def bill(world: World, call: Call | None, session: Obj, customer: Obj, intent: Obj | None) -> None:
    """Make the invoice, which the session's intent has paid already; ``intent`` None where nothing was to be paid."""
    asking = replace(call or invoice_payments.unasked(world), params={})
    lines = [one for one in world.store.members("item", session["id"]) if one["id"] in world.store.by_id]
    items = [invoice_items.new(asking, customer, _as_item(line)) for line in lines]
    shipping = session["total_details"]["amount_shipping"]
    if shipping:
        said = {"amount": shipping, "currency": session["currency"], "description": "Shipping", "discountable": False}
        items.append(invoice_items.new(asking, customer, said))
    data = session["invoice_creation"]["invoice_data"]
    invoice = drafts.blank_invoice(world, customer, session["currency"], metadata=dict(data["metadata"]))
    invoice.update({name: data[name] for name in _DESCRIBED if data[name] is not None})
    world.billing.prepaid.add(invoice["id"])
    chosen = [_as_discount(one) for one in session["discounts"]]
    given = applied(asking, chosen, "discounts", customer, session["currency"], invoice=invoice["id"])
    invoice["discounts"] = [discount["id"] for discount in given]
    drafts.keep(world, call, invoice, [], items)
    invoice_machine.finalize(world, call, invoice, paid_by=intent)
    session["invoice"] = invoice["id"]


def _as_item(line: Obj) -> dict[str, Any]:
    return {
        "price": line["price"],
        "pricing": {"price": line["price"]},
        "quantity": line["quantity"],
        "description": line["description"],
        "tax_rates": [tax["rate"]["id"] for tax in line["taxes"]],
    }


def _as_discount(one: dict[str, Any]) -> dict[str, Any]:
    name = "promotion_code" if one["promotion_code"] else "coupon"
    return {name: one[name]}
