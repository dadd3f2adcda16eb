"""Invoices: their parameters and routes (docs.stripe.com/api/invoices). ``invoice_machine`` moves them.

Automatic tax is taken as asked for and finds nothing to tax: Stripe Tax is not emulated. Shipping costs are refused.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of, search
from stripe_audit.emulator.resources import customers, payment_methods
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.billing import drafts, invoice_machine
from stripe_audit.emulator.resources.billing.changes import changing, removed
from stripe_audit.emulator.resources.billing.discounts import applied
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.times import DAY
from stripe_audit.emulator.resources.metadata import change
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_FIELDS = (
    "account_tax_ids",
    "auto_advance",
    "automatically_finalizes_at",
    "collection_method",
    "custom_fields",
    "default_payment_method",
    "description",
    "due_date",
    "effective_at",
    "footer",
    "number",
    "on_behalf_of",
    "statement_descriptor",
)
_ALWAYS = ("description", "footer", "auto_advance", "default_payment_method")
"""What can be changed in an invoice that is no longer a draft."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    subscription = (
        world.find("subscription", params["subscription"], "subscription") if params.get("subscription") else None
    )
    identity = params.get("customer") or (subscription or {}).get("customer")
    if not identity:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = customers.living(call, identity, "customer")
    currency = (
        currency_of(params) if params.get("currency") else customer["currency"] or _pending_currency(call, customer)
    )
    takes_pending = params.get("pending_invoice_items_behavior", "include" if subscription else "exclude") == "include"
    items = drafts.pending_items(world, customer, currency, (subscription or {}).get("id")) if takes_pending else []
    if subscription is not None and not items:
        raise invalid("Nothing to invoice for subscription", "subscription", "invoice_no_subscription_line_items")
    invoice = drafts.blank_invoice(world, customer, currency)
    if subscription is not None:
        invoice.update(billing_reason="manual", parent=drafts.subscription_parent(subscription))
    _set(call, invoice, customer)
    drafts.keep(world, call, invoice, [], items)
    customer["currency"] = customer["currency"] or currency
    return invoice


def _pending_currency(call: Call, customer: Obj) -> str:
    items = call.world.store.members("invoiceitem", customer["id"])
    waiting = [item["currency"] for item in items if item["id"] in call.world.store.by_id and item["invoice"] is None]
    return waiting[0] if waiting else "usd"


def _set(call: Call, invoice: Obj, customer: Obj) -> None:
    """Lay the call's parameters over a draft. Raises ApiError 400, before any change, for those that do not fit."""
    params = call.params
    if params.get("shipping_cost"):
        raise invalid("The emulator knows no shipping costs on invoices.", "shipping_cost")
    method = params.get("collection_method") or invoice["collection_method"]
    _check_due(params, method, invoice)
    if params.get("default_payment_method"):
        default = payment_methods.usable(call, params["default_payment_method"], "default_payment_method")
        if default["customer"] != customer["id"]:
            raise invalid(
                f"The payment method {default['id']} is not attached to the customer.", "default_payment_method"
            )
    rates = rates_given(call, params.get("default_tax_rates"), "default_tax_rates")
    if "discounts" in params:
        given = applied(call, params["discounts"], "discounts", customer, invoice["currency"], invoice=invoice["id"])
        invoice["discounts"] = [discount["id"] for discount in given]
    change(invoice, params, _FIELDS)
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = rates
    if params.get("days_until_due") is not None:
        invoice["due_date"] = invoice["created"] + params["days_until_due"] * DAY
    if params.get("shipping_details"):
        invoice["shipping_details"] = params["shipping_details"]
    if params.get("payment_settings"):
        invoice["payment_settings"].update(params["payment_settings"])
    if params.get("rendering"):
        invoice["rendering"] = params["rendering"]
    if params.get("automatic_tax"):
        is_enabled = params["automatic_tax"]["enabled"]
        invoice["automatic_tax"].update(
            enabled=is_enabled,
            liability={"type": "self"} if is_enabled else None,
            provider="stripe" if is_enabled else None,
            status="complete" if is_enabled else None,
        )


def _check_due(params: dict[str, Any], method: str, invoice: Obj) -> None:
    due = [name for name in ("days_until_due", "due_date") if params.get(name) is not None]
    if due and method == "charge_automatically":
        raise invalid(f"`{due[0]}` can only be set for invoices with collection_method=send_invoice.", due[0])
    if method == "send_invoice" and not due and invoice["due_date"] is None:
        raise invalid(
            "If invoice collection method is 'send_invoice', you must specify 'days_until_due' or 'due_date'.",
            "days_until_due",
        )
    if len(due) == 2:
        raise invalid("You may only specify one of these parameters: days_until_due, due_date.", "due_date")
    if params.get("days_until_due") is not None and not 0 <= params["days_until_due"] <= 3650:
        raise invalid("Invalid integer: must be between 0 and 3650", "days_until_due", "parameter_invalid_integer")


def retrieve(call: Call) -> Obj:
    return call.world.find("invoice", call.ids[0])


def update(call: Call) -> Obj:
    invoice, world = call.world.find("invoice", call.ids[0]), call.world
    if invoice["status"] == "draft":
        with changing(world, call, invoice, "invoice.updated"):
            _set(call, invoice, world.store.by_id[invoice["customer"]])
            drafts.add_up(world, invoice)
        return invoice
    frozen = [name for name in call.params if name not in (*_ALWAYS, "metadata", "expand")]
    if frozen:
        raise invalid(
            f"Finalized invoices can't be updated in this way ({frozen[0]}).", frozen[0], "invoice_not_editable"
        )
    with changing(world, call, invoice, "invoice.updated"):
        change(invoice, call.params, _ALWAYS)
    return invoice


def delete(call: Call) -> Obj:
    """Only drafts that no subscription made; their invoice items wait for another invoice again."""
    invoice = call.world.find("invoice", call.ids[0])
    if invoice["status"] != "draft" or invoice["billing_reason"] != "manual":
        raise invalid(
            "You can only delete draft invoices that were not created by a subscription.", code="invoice_not_editable"
        )
    for line in invoice["lines"]["data"]:
        call.world.store.remove(line)
        item = call.world.store.get("invoiceitem", line["parent"]["invoice_item_details"]["invoice_item"])
        if item is not None:
            item["invoice"] = None
    answer = removed(call.world, invoice)
    call.world.emit("invoice.deleted", invoice, call)
    return answer


def finalize(call: Call) -> Obj:
    invoice = call.world.find("invoice", call.ids[0])
    if "auto_advance" in call.params and invoice["status"] == "draft":
        invoice["auto_advance"] = call.params["auto_advance"]
    invoice_machine.finalize(call.world, call, invoice)
    if invoice["auto_advance"] and invoice["status"] == "open" and invoice["collection_method"] != "send_invoice":
        try:
            invoice_machine.pay(call, invoice)
        except ApiError:  # finalized it is; what became of the attempt is told by events
            pass
    return invoice


def pay(call: Call) -> Obj:
    invoice, params = call.world.find("invoice", call.ids[0]), call.params
    if params.get("paid_out_of_band"):
        invoice_machine.pay_elsewhere(call, invoice)
    else:
        invoice_machine.pay(call, invoice, params.get("payment_method") or params.get("source"))
    return invoice


def send(call: Call) -> Obj:
    invoice = call.world.find("invoice", call.ids[0])
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if not invoice["customer_email"]:
        raise invalid("The customer has no email address to which the invoice could be sent.")
    if invoice["status"] == "draft":
        invoice_machine.finalize(call.world, call, invoice)
    elif invoice["status"] != "open":
        raise invalid(f"You can only send open invoices; this one's status is {invoice['status']}.")
    call.world.emit("invoice.sent", invoice, call)
    return invoice


def void(call: Call) -> Obj:
    invoice = call.world.find("invoice", call.ids[0])
    invoice_machine.void(call.world, call, invoice)
    return invoice


def mark_uncollectible(call: Call) -> Obj:
    invoice = call.world.find("invoice", call.ids[0])
    invoice_machine.mark_uncollectible(call.world, call, invoice)
    return invoice


def listed(call: Call) -> Obj:
    matches = equal_to(call, "collection_method", "customer", "status")
    wanted = call.params.get("subscription")
    return list_of(call, "invoice", lambda one: matches(one) and wanted in (None, drafts.subscription_behind(one)))


def found(call: Call) -> Obj:
    return search(call, "invoice")


ROUTES = (
    Route("POST", "/v1/invoices", create, "invoice_create"),
    Route("GET", "/v1/invoices", listed, "invoice_list"),
    Route("GET", "/v1/invoices/search", found, "invoice_search"),
    Route("GET", "/v1/invoices/{id}", retrieve),
    Route("POST", "/v1/invoices/{id}", update, "invoice_update"),
    Route("DELETE", "/v1/invoices/{id}", delete),
    Route("POST", "/v1/invoices/{id}/finalize", finalize, "invoice_finalize_invoice", about="invoice"),
    Route("POST", "/v1/invoices/{id}/pay", pay, "invoice_pay", about="invoice"),
    Route("POST", "/v1/invoices/{id}/send", send, "invoice_send_invoice", about="invoice"),
    Route("POST", "/v1/invoices/{id}/void", void, "invoice_void_invoice", about="invoice"),
    Route(
        "POST",
        "/v1/invoices/{id}/mark_uncollectible",
        mark_uncollectible,
        "invoice_mark_uncollectible",
        about="invoice",
    ),
)
