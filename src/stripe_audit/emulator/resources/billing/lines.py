"""Lines of invoices: what an invoice item or a subscription item comes to (docs.stripe.com/api/invoice-line-item)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.resources.billing.pricing import amount_of, spoken_price
from stripe_audit.emulator.resources.billing.totals import Entry
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["described", "of_invoice_item", "of_subscription_item", "pricing_of", "rates_of"]


def of_invoice_item(world: World, item: Obj) -> Obj:
    """A line for an invoice item."""
    details = (item["parent"] or {}).get("subscription_details") or {}
    return _line(
        world,
        amount=item["amount"],
        currency=item["currency"],
        description=item["description"],
        discountable=item["discountable"],
        discounts=list(item["discounts"] or []),
        metadata=dict(item["metadata"] or {}),
        parent={
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": {"credited_items": None} if item["proration"] else None,
                "subscription": details.get("subscription"),
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        period=dict(item["period"]),
        pricing=item["pricing"],
        quantity=item["quantity"],
        quantity_decimal=item["quantity_decimal"],
        subscription=details.get("subscription"),
    )


def of_subscription_item(world: World, subscription: Obj, item: Obj, start: int, end: int, amount: int | None) -> Obj:
    """A line for a period of a subscription item; ``amount`` where it is not the price's: 0 in a trial."""
    price, quantity = item["price"], item["quantity"]
    is_metered = price["recurring"]["usage_type"] == "metered"
    usage = 0 if is_metered else quantity  # no meter events are counted here
    cost = amount_of(price, usage) if amount is None else amount
    return _line(
        world,
        amount=cost,
        currency=price["currency"],
        description=described(world, price, usage) if amount is None else f"Trial period for {_product(world, price)}",
        discountable=True,
        discounts=list(item["discounts"]),
        metadata=dict(subscription["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        period={"end": end, "start": start},
        pricing=pricing_of(price),
        quantity=usage,
        quantity_decimal=str(usage),
        subscription=subscription["id"],
    )


def _line(world: World, **values: Any) -> Obj:
    line = blank("line_item", id=world.ids.new("il"), object="line_item", discount_amounts=[], livemode=False)
    line.update(pretax_credit_amounts=[], subtotal=values["amount"], taxes=[])
    line.update(values)
    return line


def pricing_of(price: Obj) -> dict[str, Any]:
    """The ``pricing`` of a line or an invoice item."""
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def described(world: World, price: Obj, quantity: int | None) -> str:
    """``2 × Gold (at $15.00 / month)``."""
    return f"{1 if quantity is None else quantity} × {_product(world, price)} {spoken_price(price)}"


def _product(world: World, price: Obj) -> str:
    product = world.store.get("product", price["product"])
    return str(product["name"] if product else price["product"])


def rates_of(world: World, invoice: Obj, line: Obj) -> Entry:
    """The line with its tax rates: its item's own, or else the invoice's."""
    details = line["parent"]["invoice_item_details"] or line["parent"]["subscription_item_details"]
    owner = world.store.by_id.get(details.get("subscription_item") or details.get("invoice_item") or "")
    return Entry(line, (owner or {}).get("tax_rates") or invoice["default_tax_rates"])
