"""A customer's balance: negative is credit, positive is owed (docs.stripe.com/billing/customer/balance)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.billing.changes import changing
from stripe_audit.emulator.resources.billing.times import now_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "book"]

KIND = "customer_balance_transaction"


def book(world: World, call: Call | None, customer: Obj, amount: int, currency: str, type: str, **values: Any) -> Obj:
    """Move the balance by ``amount`` and keep the transaction; the customer's update is told."""
    with changing(world, call, customer, "customer.updated"):
        customer["balance"] += amount
        customer["currency"] = customer["currency"] or currency
    transaction = blank(
        KIND,
        id=world.ids.new("cbtxn"),
        object=KIND,
        amount=amount,
        created=now_of(world, customer),
        currency=currency,
        customer=customer["id"],
        ending_balance=customer["balance"],
        livemode=False,
        metadata={},
        type=type,
    )
    transaction.update(values)
    return world.store.add(transaction, owner=customer["id"])


def create(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    params, currency = call.params, currency_of(call.params)
    if customer["currency"] not in (None, currency):
        raise invalid(
            f"The customer's currency is {customer['currency']}; its balance cannot be moved in {currency}.", "currency"
        )
    if params["amount"] == 0:
        raise invalid("Invalid non-zero integer", "amount", "parameter_invalid_integer")
    return book(
        call.world,
        call,
        customer,
        params["amount"],
        currency,
        "adjustment",
        description=params.get("description"),
        metadata=merged({}, params.get("metadata") or {}),
    )


def retrieve(call: Call) -> Obj:
    return _found(call)


def update(call: Call) -> Obj:
    transaction = _found(call)
    change(transaction, call.params, ("description",))
    return transaction


def listed(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    return list_of(call, KIND, among=call.world.store.members(KIND, customer["id"]))


def _found(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    found = call.world.store.get(KIND, call.ids[1])
    if found is None or found["customer"] != customer["id"]:
        raise missing_resource("customer balance transaction", call.ids[1][:200])
    return found


_PATH = "/v1/customers/{id}/balance_transactions"
ROUTES = (
    Route("POST", _PATH, create, "customer_create_balance_transaction", about=KIND),
    Route("GET", _PATH, listed, "customer_list_balance_transactions", about=KIND),
    Route("GET", f"{_PATH}/{{transaction}}", retrieve, about=KIND),
    Route("POST", f"{_PATH}/{{transaction}}", update, "refund_update", about=KIND),
)
