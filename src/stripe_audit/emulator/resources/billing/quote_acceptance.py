"""What an accepted quote becomes: a subscription, or an invoice (docs.stripe.com/quotes/overview)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources.billing import drafts, invoice_items, subscription_start
from stripe_audit.emulator.resources.billing.quote_totals import QuoteLine
from stripe_audit.emulator.resources.billing.times import DAY, now_of
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["bill", "subscribe"]


def _as_params(line: QuoteLine) -> dict[str, Any]:
    item, rates, discounts = line
    is_metered = (item["price"]["recurring"] or {}).get("usage_type") == "metered"
    return {
        "price": item["price"],
        **({} if is_metered else {"quantity": item["quantity"]}),
        "tax_rates": [rate["id"] for rate in rates],
        "discounts": [{"discount": identity} for identity in discounts],
    }


def subscribe(call: Call, quote: Obj, customer: Obj, lasting: list[QuoteLine], single: list[QuoteLine]) -> None:
    """Begin the subscription of a quote; its first invoice is a draft. Raises ApiError as a subscription does."""
    data, method = quote["subscription_data"], quote["collection_method"]
    if data["effective_date"] not in (None, "current_period_end") and data["effective_date"] > now_of(
        call.world, quote
    ):
        raise invalid("The emulator does not begin a quote's subscription later.", "subscription_data[effective_date]")
    params = {
        "items": [_as_params(line) for line in lasting],
        "add_invoice_items": [_as_params(line) for line in single],
        "collection_method": method,
        "default_tax_rates": [rate["id"] for rate in quote["default_tax_rates"]],
        "description": data["description"],
        "discounts": [{"discount": identity} for identity in quote["discounts"]],
        "metadata": data["metadata"] or {},
    }
    if method == "send_invoice":
        params["days_until_due"] = quote["invoice_settings"]["days_until_due"] or 30
    if data["trial_period_days"]:
        params["trial_period_days"] = data["trial_period_days"]
    subscription = subscription_start.start(replace(call, params=params), customer, is_deferred=True)
    quote["subscription"] = subscription["id"]


def bill(call: Call, quote: Obj, customer: Obj, single: list[QuoteLine]) -> None:
    """Draft the invoice of a quote that nothing recurs in."""
    world = call.world
    items = [
        invoice_items.new(call, customer, {**_as_params(line), "pricing": {"price": line[0]["price"]}})
        for line in single
    ]
    invoice = drafts.blank_invoice(
        world,
        customer,
        quote["currency"],
        billing_reason="quote_accept",
        collection_method=quote["collection_method"],
        default_tax_rates=list(quote["default_tax_rates"]),
        parent={
            "quote_details": {"quote": quote["id"]},
            "subscription_details": None,
            "type": "quote_details",
        },
    )
    if quote["discounts"]:
        invoice["discounts"] = list(quote["discounts"])
    if quote["collection_method"] == "send_invoice":
        invoice["due_date"] = invoice["created"] + (quote["invoice_settings"]["days_until_due"] or 30) * DAY
    drafts.keep(world, call, invoice, [], items)
    quote["invoice"] = invoice["id"]
