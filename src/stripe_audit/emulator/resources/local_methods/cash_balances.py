"""A customer's cash balance: what bank transfers brought (docs.stripe.com/api/cash_balance)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.amounts import currency_of
from stripe_audit.emulator.resources.local_methods import transfers
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_KIND = "customer_cash_balance_transaction"


def retrieve(call: Call) -> Obj:
    return transfers.balance_of(call.world, customers.living(call, call.ids[0])["id"])


def update(call: Call) -> Obj:
    cash = retrieve(call)
    wanted: dict[str, Any] = call.params.get("settings") or {}
    mode = wanted.get("reconciliation_mode")
    if mode is not None:
        is_default = mode == "merchant_default"
        cash["settings"] = {
            "reconciliation_mode": "automatic" if is_default else mode,
            "using_merchant_default": is_default,
        }
    return cash


def fund(call: Call) -> Obj:
    """A transfer of the customer's arrives (docs.stripe.com/payments/bank-transfers/accept-a-payment, testing)."""
    customer, params = customers.living(call, call.ids[0]), call.params
    currency = currency_of(params)
    if currency not in transfers.CURRENCIES:
        raise invalid(f"Bank transfers are not available in {currency}.", "currency")
    if params["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    return transfers.fund(call.world, call, customer["id"], params["amount"], currency, params.get("reference"))


def transactions(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    return list_of(call, _KIND, among=call.world.store.members(_KIND, customer["id"]))


def transaction(call: Call) -> Obj:
    customer = customers.living(call, call.ids[0])
    found = call.world.find(_KIND, call.ids[1])
    if found["customer"] != customer["id"]:
        raise missing_resource("customer cash balance transaction", call.ids[1])
    return found


ROUTES = (
    Route("GET", "/v1/customers/{id}/cash_balance", retrieve, about="cash_balance"),
    Route("POST", "/v1/customers/{id}/cash_balance", update, "customer_cash_balance_update", about="cash_balance"),
    Route(
        "GET",
        "/v1/customers/{id}/cash_balance_transactions",
        transactions,
        "customer_list_cash_balance_transactions",
        about=_KIND,
    ),
    Route("GET", "/v1/customers/{id}/cash_balance_transactions/{transaction}", transaction, about=_KIND),
    Route(
        "POST",
        "/v1/test_helpers/customers/{id}/fund_cash_balance",
        fund,
        "test_helpers.customer_fund_cash_balance",
        about=_KIND,
    ),
)
