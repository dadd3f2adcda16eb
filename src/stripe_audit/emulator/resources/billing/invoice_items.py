"""Invoice items: what a customer's next invoice, or a draft, is to contain (docs.stripe.com/api/invoiceitems)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.billing import drafts
from stripe_audit.emulator.resources.billing.changes import removed
from stripe_audit.emulator.resources.billing.discounts import applied
from stripe_audit.emulator.resources.billing.lines import described, pricing_of
from stripe_audit.emulator.resources.billing.pricing import amount_of, price_given, rounded
from stripe_audit.emulator.resources.billing.tax_rates import rates_given
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "make", "new"]

_WAYS = ("amount", "price_data", "pricing", "price", "unit_amount", "unit_amount_decimal")


def new(call: Call, customer: Obj, params: dict[str, Any], param: str = "", **values: Any) -> Obj:
    """An invoice item of a call's parameters, kept and told of. Raises ApiError 400 for what cannot be billed."""
    item = make(call, customer, params, param, **values)
    call.world.store.add(item, owner=customer["id"])
    call.world.emit("invoiceitem.created", item, call)
    return item


def make(call: Call, customer: Obj, params: dict[str, Any], param: str = "", **values: Any) -> Obj:
    """The same, not kept: for previews."""
    world = call.world
    now = now_of(world, customer)
    priced = _priced(call, params, param)
    item = blank(
        "invoiceitem",
        id=world.ids.new("ii"),
        object="invoiceitem",
        customer=customer["id"],
        date=now,
        description=params.get("description") or priced.pop("named"),
        discountable=params.get("discountable", priced["amount"] >= 0),
        discounts=[],
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        period=params.get("period") or {"end": now, "start": now},
        proration=False,
        tax_rates=rates_given(call, params.get("tax_rates"), _inside(param, "tax_rates")),
        test_clock=customer["test_clock"],
    )
    priced.pop("named", None)
    item.update(priced)
    item.update(values)
    given = applied(
        call,
        params.get("discounts"),
        _inside(param, "discounts"),
        customer,
        item["currency"],
        invoice_item=item["id"],
    )
    item["discounts"] = [discount["id"] for discount in given]
    return item


def _priced(call: Call, params: dict[str, Any], param: str) -> dict[str, Any]:
    given = [name for name in _WAYS if params.get(name) is not None]
    if not given:
        raise invalid("You must specify one of: amount, pricing, price_data.", _inside(param, "amount"))
    quantity = _quantity(params, param)
    reference = params.get("pricing") or ({"price": params["price"]} if params.get("price") else None)
    source = reference or ({"price_data": params["price_data"]} if params.get("price_data") else None)
    if source is not None:
        price = price_given(
            call, source, _inside(param, "pricing") if params.get("pricing") else param, is_recurring=False
        )
        if price is None:
            raise invalid("Missing required param: pricing[price].", "pricing[price]", "parameter_missing")
        currency, pricing = price["currency"], pricing_of(price)
        amount, named = amount_of(price, quantity), described(call.world, price, int(quantity))
    else:
        currency, named = currency_of(params), None
        unit = Decimal(str(params.get("unit_amount_decimal") or params.get("unit_amount") or 0))
        amount = params["amount"] if params.get("amount") is not None else rounded(unit * quantity)
        shown = params["amount"] if params.get("amount") is not None else unit
        pricing = {"price_details": None, "type": "price_details", "unit_amount_decimal": str(shown)}
    return {
        "amount": amount,
        "currency": currency,
        "named": named,
        "pricing": pricing,
        "quantity": int(quantity),
        "quantity_decimal": str(quantity),
    }


def _quantity(params: dict[str, Any], param: str) -> Decimal:
    quantity = Decimal(str(params.get("quantity_decimal") or params.get("quantity", 1)))
    if quantity < 0:
        raise invalid("This value must be greater than or equal to 0.", _inside(param, "quantity"))
    return quantity


def _inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def create(call: Call) -> Obj:
    params = call.params
    draft = _draft(call, params["invoice"], "invoice") if params.get("invoice") else None
    identity = params.get("customer") or (draft or {}).get("customer")
    if not identity:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = customers.living(call, identity, "customer")
    if draft is not None and draft["customer"] != identity:
        raise invalid("The invoice belongs to another customer.", "invoice")
    values: dict[str, Any] = {"invoice": draft["id"] if draft else None}
    if params.get("subscription"):
        subscription = call.world.find("subscription", params["subscription"], "subscription")
        values["parent"] = {
            "subscription_details": {"subscription": subscription["id"], "subscription_item": None},
            "type": "subscription_details",
        }
    item = new(call, customer, params, **values)
    if draft is not None:
        drafts.include(call.world, call, draft, [item])
    return item


def retrieve(call: Call) -> Obj:
    return call.world.find("invoiceitem", call.ids[0])


def update(call: Call) -> Obj:
    item, params = call.world.find("invoiceitem", call.ids[0]), call.params
    draft = _draft(call, item["invoice"], "id") if item["invoice"] else None
    priced = None
    if any(params.get(name) is not None for name in (*_WAYS, "quantity", "quantity_decimal")):
        details = item["pricing"]["price_details"]
        known = (
            {"pricing": {"price": details["price"]}}
            if details
            else {"unit_amount_decimal": item["pricing"]["unit_amount_decimal"]}
        )
        ways = {name: params[name] for name in _WAYS if params.get(name) is not None}
        quantity = {
            "quantity_decimal": params.get("quantity_decimal") or params.get("quantity", item["quantity_decimal"])
        }
        priced = _priced(call, {**(ways or known), **quantity, "currency": item["currency"]}, "")
        priced.pop("named")
    rates = rates_given(call, params["tax_rates"], "tax_rates") if "tax_rates" in params else item["tax_rates"]
    change(item, params, ("description", "discountable", "period"))
    item.update(priced or {}, tax_rates=rates)
    if "discounts" in params:
        customer = customers.living(call, item["customer"])
        given = applied(call, params["discounts"], "discounts", customer, item["currency"], invoice_item=item["id"])
        item["discounts"] = [discount["id"] for discount in given]
    if draft is not None:
        drafts.renew_line(call.world, call, draft, item)
    return item


def delete(call: Call) -> Obj:
    item = call.world.find("invoiceitem", call.ids[0])
    draft = _draft(call, item["invoice"], "id") if item["invoice"] else None
    answer = removed(call.world, item)
    call.world.emit("invoiceitem.deleted", item, call)
    if draft is not None:
        drafts.leave_out(call.world, call, draft, item)
    return answer


def listed(call: Call) -> Obj:
    pending = call.params.get("pending")
    matches = equal_to(call, "customer", "invoice")
    return list_of(
        call,
        "invoiceitem",
        lambda one: matches(one) and pending in (None, one["invoice"] is None),
    )


def _draft(call: Call, identity: str, param: str) -> Obj:
    invoice = call.world.find("invoice", identity, param)
    if invoice["status"] != "draft":
        raise invalid(
            f"The invoice {identity} is no longer a draft, so its items cannot be changed.",
            param,
            "invoice_not_editable",
        )
    return invoice


ROUTES = (
    Route("POST", "/v1/invoiceitems", create, "invoice_item_create"),
    Route("GET", "/v1/invoiceitems", listed, "invoice_item_list"),
    Route("GET", "/v1/invoiceitems/{id}", retrieve),
    Route("POST", "/v1/invoiceitems/{id}", update, "invoice_item_update"),
    Route("DELETE", "/v1/invoiceitems/{id}", delete),
)
