"""The account itself, its balance, and the balance's history (docs.stripe.com/api/accounts, …/balance)."""

from __future__ import annotations

from collections import Counter

from stripe_audit.emulator.errors import missing_resource
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]


def account(call: Call) -> Obj:
    if call.ids and call.ids[0] != call.world.keys.account:
        raise missing_resource("account", call.ids[0], "account")
    return blank(
        "account",
        id=call.world.keys.account,
        object="account",
        business_profile={"name": "Emulated account", "url": None},
        capabilities={"card_payments": "active", "transfers": "active"},
        charges_enabled=True,
        country="US",
        default_currency="usd",
        details_submitted=True,
        email="owner@example.com",
        metadata={},
        payouts_enabled=True,
        settings={"dashboard": {"display_name": "Emulated account", "timezone": "Etc/UTC"}},
        type="standard",
    )


def balance(call: Call) -> Obj:
    sums: Counter[str] = Counter()
    for transaction in call.world.store.by_kind["balance_transaction"].values():
        sums[transaction["currency"]] += transaction["net"]
    pending = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(sums.items())
    ]
    available = [{"amount": 0, "currency": entry["currency"], "source_types": {"card": 0}} for entry in pending]
    return blank("balance", object="balance", available=available, livemode=False, pending=pending)


def transaction(call: Call) -> Obj:
    return call.world.find("balance_transaction", call.ids[0])


def transactions(call: Call) -> Obj:
    return list_of(call, "balance_transaction", equal_to(call, "currency", "source", "type"))


ROUTES = (
    Route("GET", "/v1/account", account),
    Route("GET", "/v1/accounts/{id}", account),
    Route("GET", "/v1/balance", balance),
    Route("GET", "/v1/balance_transactions", transactions, "balance_transaction_list"),
    Route("GET", "/v1/balance_transactions/{id}", transaction),
)
