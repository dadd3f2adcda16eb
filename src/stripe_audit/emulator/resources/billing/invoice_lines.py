"""An invoice's lines as a list of their own, and lines added to a draft (docs.stripe.com/api/invoice-line-item)."""

from __future__ import annotations

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources.billing import drafts, invoice_items
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]


def listed(call: Call) -> Obj:
    """In their order on the invoice, the first one first."""
    invoice = call.world.find("invoice", call.ids[0])
    return list_of(call, "line_item", among=reversed(invoice["lines"]["data"]))


def add(call: Call) -> Obj:
    """Each line is an invoice item, pending or new."""
    invoice, world = call.world.find("invoice", call.ids[0]), call.world
    if invoice["status"] != "draft":
        raise invalid("Lines can only be added to a draft.", code="invoice_not_editable")
    customer = world.store.by_id[invoice["customer"]]
    known = [
        world.find("invoiceitem", line["invoice_item"], f"lines[{index}][invoice_item]")
        for index, line in enumerate(call.params["lines"])
        if line.get("invoice_item")
    ]
    if any(item["invoice"] is not None or item["customer"] != customer["id"] for item in known):
        raise invalid("The invoice item is on an invoice already, or is another customer's.", "lines")
    made = [
        invoice_items.new(
            call, customer, {"currency": invoice["currency"], **line}, f"lines[{index}]", invoice=invoice["id"]
        )
        for index, line in enumerate(call.params["lines"])
        if not line.get("invoice_item")
    ]
    drafts.include(world, call, invoice, [*known, *made])
    if "invoice_metadata" in call.params:
        change(invoice, {"metadata": call.params["invoice_metadata"]}, ())
    return invoice


ROUTES = (
    Route("GET", "/v1/invoices/{id}/lines", listed, "invoice_list_lines", about="line_item"),
    Route("POST", "/v1/invoices/{id}/add_lines", add, "invoice_add_lines", about="invoice"),
)
