"""Customers (docs.stripe.com/api/customers)."""

from __future__ import annotations

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of, search
from stripe_audit.emulator.resources import payment_methods
from stripe_audit.emulator.resources.billing import discounts
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.resources.sources import holding
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES", "check_email", "create", "living"]

_FIELDS = ("address", "balance", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt")


def living(call: Call, identity: str, param: str | None = None) -> Obj:
    """A customer that was not deleted. Raises ApiError as for one that never was."""
    customer = call.world.find("customer", identity, param)
    if customer.get("deleted"):
        raise missing_resource("customer", identity, param or "id", status=400 if param else 404)
    return customer


def create(call: Call) -> Obj:
    params = call.params
    check_email(params.get("email"))
    method = None
    if params.get("payment_method"):
        method = payment_methods.usable(call, params["payment_method"], "payment_method")
        payment_methods.check_attachable(call, method)
    if params.get("test_clock"):
        call.world.find("test_helpers.test_clock", params["test_clock"], "test_clock")
    discounts.check_customers(call, None)
    customer = blank(
        "customer",
        id=call.world.ids.new("cus"),
        object="customer",
        balance=0,
        created=call.world.clock.seconds(),
        delinquent=False,
        invoice_prefix=call.world.ids.text(8).upper(),
        invoice_settings=blank("customer.invoice_settings"),
        livemode=False,
        metadata=merged({}, params.get("metadata", {})),
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
        test_clock=params.get("test_clock"),
    )
    change(customer, {key: value for key, value in params.items() if key != "metadata"}, _FIELDS)
    customer["invoice_settings"] = _invoice_settings(call, customer, method)
    call.world.store.add(customer)
    call.world.emit("customer.created", customer, call)
    discounts.give_to_customer(call, customer)
    if method is not None:
        payment_methods.attach_to(call, method, customer)
    if params.get("source"):
        holding.add(call, customer, params["source"])
    return customer


def retrieve(call: Call) -> Obj:
    return call.world.find("customer", call.ids[0])


def update(call: Call) -> Obj:
    check_email(call.params.get("email"))
    customer = living(call, call.ids[0])
    discounts.check_customers(call, customer)
    settings, before = _invoice_settings(call, customer), customer["invoice_settings"]
    previous = change(customer, call.params, _FIELDS)
    if before != settings:
        previous["invoice_settings"] = before
        customer["invoice_settings"] = settings
    discounts.give_to_customer(call, customer)
    if previous:
        call.world.emit("customer.updated", customer, call, previous=previous)
    if call.params.get("source"):
        holding.make_default(call, customer, holding.add(call, customer, call.params["source"])["id"])
    elif call.params.get("default_source"):
        holding.make_default(call, customer, _own_source(call, customer, call.params["default_source"])["id"])
    return customer


def delete(call: Call) -> Obj:
    customer = living(call, call.ids[0])
    for method in list(call.world.store.by_kind["payment_method"].values()):
        if method["customer"] == customer["id"]:
            method["customer"] = None
            call.world.spent.add(method["id"])
    call.world.emit("customer.deleted", customer, call)
    stub = {"id": customer["id"], "object": "customer", "deleted": True}
    customer.clear()
    customer.update(stub)
    return stub


def listed(call: Call) -> Obj:
    matches = equal_to(call, "email")
    return list_of(call, "customer", lambda customer: not customer.get("deleted") and matches(customer))


def found(call: Call) -> Obj:
    return search(call, "customer")


def methods(call: Call) -> Obj:
    customer = living(call, call.ids[0])
    kind = call.params.get("type")
    return list_of(
        call,
        "payment_method",
        lambda method: method["customer"] == customer["id"] and kind in (None, method["type"]),
    )


def method(call: Call) -> Obj:
    customer = living(call, call.ids[0])
    found = call.world.find("payment_method", call.ids[1])
    if found["customer"] != customer["id"]:
        raise missing_resource("PaymentMethod", call.ids[1], "payment_method")
    return found


def _own_source(call: Call, customer: Obj, identity: str) -> Obj:
    held = next((one for one in holding.held_by(call.world, customer) if one["id"] == identity), None)
    if held is None:
        raise missing_resource("source", identity[:200], "default_source", status=400)
    return held


def _invoice_settings(call: Call, customer: Obj, joining: Obj | None = None) -> Obj:
    """The settings with the given ones laid over. ``joining`` is the payment method that a new customer comes with.

    Raises ApiError 400 for a default payment method that is not the customer's.
    """
    given = dict(call.params.get("invoice_settings") or {})
    default = given.get("default_payment_method")
    if joining is not None and default in (joining["id"], call.params["payment_method"]):
        given["default_payment_method"] = joining["id"]
    elif default is not None:
        param = "invoice_settings[default_payment_method]"
        method = call.world.find("payment_method", default, param)
        if method["customer"] != customer["id"]:
            raise invalid(f"The payment method {default} is not attached to the customer {customer['id']}.", param)
    return {**customer["invoice_settings"], **given}


def check_email(email: str | None, param: str = "email") -> None:
    """Raise ApiError 400 for what is no e-mail address."""
    if email is not None and ("@" not in email[1:-1] or any(character.isspace() for character in email)):
        raise invalid(f"Invalid email address: {email[:100]}", param, "email_invalid")


ROUTES = (
    Route("POST", "/v1/customers", create, "customer_create"),
    Route("GET", "/v1/customers", listed, "customer_list"),
    Route("GET", "/v1/customers/search", found, "customer_search"),
    Route("GET", "/v1/customers/{id}", retrieve),
    Route("POST", "/v1/customers/{id}", update, "customer_update"),
    Route("DELETE", "/v1/customers/{id}", delete),
    Route("GET", "/v1/customers/{id}/payment_methods", methods, "customer_list_payment_methods"),
    Route("GET", "/v1/customers/{id}/payment_methods/{method}", method),
)
