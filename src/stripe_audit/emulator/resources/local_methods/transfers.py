"""Bank transfers into a customer's cash balance, and payments out of it.

Source: docs.stripe.com/payments/bank-transfers, docs.stripe.com/payments/customer-balance/reconciliation.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.resources import attempt
from stripe_audit.emulator.resources.challenge import page_of
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["CURRENCIES", "apply", "balance_of", "begin", "complete", "fund"]

_TYPES = {
    "usd": "us_bank_transfer",
    "eur": "eu_bank_transfer",
    "gbp": "gb_bank_transfer",
    "jpy": "jp_bank_transfer",
    "mxn": "mx_bank_transfer",
}
CURRENCIES = frozenset(_TYPES)
_ADDRESSES = {
    "us_bank_transfer": ("aba", ["ach", "domestic_wire_us"]),
    "eu_bank_transfer": ("iban", ["sepa"]),
    "gb_bank_transfer": ("sort_code", ["bacs", "fps"]),
    "jp_bank_transfer": ("zengin", ["zengin"]),
    "mx_bank_transfer": ("spei", ["spei"]),
}
_HOLDER = {"account_holder_name": "Stripe Audit Emulator", "bank_name": "STRIPE TEST BANK"}
_NUMBERS: dict[str, dict[str, Any]] = {
    "aba": {"account_number": "11119987600453127", "account_type": "checking", "routing_number": "999999999"},
    "iban": {"bic": "TESTDE89XXX", "country": "DE", "iban": "DE00000000000000000001"},
    "sort_code": {"account_number": "12345678", "sort_code": "108800"},
    "spei": {"bank_code": "002", "clabe": "002180000000000004"},
    "zengin": {
        "account_number": "1234567",
        "account_type": "futsu",
        "bank_code": "1100",
        "branch_code": "001",
        "branch_name": "TEST",
    },
}
_NAMELESS = ("iban", "sort_code")
"""Kinds of address that do not name the bank."""


def begin(call: Call, intent: Obj, method: Obj) -> None:
    """Pay from the customer's cash balance, or tell the customer where to send what is missing."""
    world = call.world
    intent["status"] = "requires_action"
    intent["next_action"] = _instructions(world, intent, intent["amount"])
    cash = balance_of(world, intent["customer"])
    if _available(cash, intent["currency"]) and cash["settings"]["reconciliation_mode"] == "automatic":
        apply(world, call, intent)
    if intent["status"] == "requires_action":
        world.emit("payment_intent.requires_action", intent, call)


def balance_of(world: World, customer: str) -> Obj:
    """The customer's cash balance, made where there is none yet."""
    known = world.checkout.cash.get(customer)
    if known is None:
        known = world.checkout.cash[customer] = blank(
            "cash_balance",
            object="cash_balance",
            available=None,
            customer=customer,
            livemode=False,
            settings={"reconciliation_mode": "automatic", "using_merchant_default": True},
        )
    return known


def fund(world: World, call: Call | None, customer: str, amount: int, currency: str, reference: str | None) -> Obj:
    """Money arrives: it pays the open transfers, oldest first, and what is left stays available."""
    kind = _TYPES[currency]
    transfer: dict[str, Any] = {"reference": reference, "type": kind}
    if kind != "mx_bank_transfer":  # the only one that says nothing of the sender
        transfer[kind] = {"sender_name": "Jenny Rosen"}
    cash = balance_of(world, customer)
    entry = _book(world, call, cash, amount, currency, "funded", funded={"bank_transfer": transfer})
    is_automatic = cash["settings"]["reconciliation_mode"] == "automatic"
    for intent in open_intents(world, customer, currency) if is_automatic else ():
        if _available(cash, currency):
            apply(world, call, intent)
    if _available(cash, currency) or not is_automatic:
        world.emit("cash_balance.funds_available", cash, call)
    return entry


def open_intents(world: World, customer: str, currency: str) -> list[Obj]:
    """PaymentIntents that wait for a transfer of this customer's, oldest first."""
    return [
        intent
        for intent in world.store.by_kind["payment_intent"].values()
        if intent["customer"] == customer
        and intent["currency"] == currency
        and intent["status"] == "requires_action"
        and (intent["next_action"] or {}).get("type") == "display_bank_transfer_instructions"
    ]


def apply(world: World, call: Call | None, intent: Obj, most: int | None = None) -> None:
    """Pay an intent out of the cash balance as far as it goes, at most ``most``."""
    cash = balance_of(world, intent["customer"])
    instructions = intent["next_action"]["display_bank_transfer_instructions"]
    missing: int = instructions["amount_remaining"]
    amount = min(missing, _available(cash, intent["currency"]), missing if most is None else most)
    _book(
        world,
        call,
        cash,
        -amount,
        intent["currency"],
        "applied_to_payment",
        applied_to_payment={"payment_intent": intent["id"]},
    )
    if amount < missing:
        intent["next_action"] = _instructions(world, intent, missing - amount, instructions["reference"])
        world.emit("payment_intent.partially_funded", intent, call)
        return
    method = world.store.by_id[intent["payment_method"]]
    charge = world.store.add(attempt.charge_of(world, intent, method, captured=True), owner=intent["id"])
    attempt.keep_method(world, call, intent, method)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
    )
    attempt.settle(world, charge)
    world.emit("charge.succeeded", charge, call)
    world.emit("payment_intent.succeeded", intent, call)


def complete(world: World, intent: Obj) -> None:
    """The customer sends exactly what is missing."""
    remaining = intent["next_action"]["display_bank_transfer_instructions"]["amount_remaining"]
    cash = balance_of(world, intent["customer"])
    fund(world, None, intent["customer"], remaining, intent["currency"], None)
    if intent["status"] == "requires_action" and _available(cash, intent["currency"]):
        apply(world, None, intent)


def _available(cash: Obj, currency: str) -> int:
    return int((cash["available"] or {}).get(currency, 0))


def _book(world: World, call: Call | None, cash: Obj, amount: int, currency: str, type: str, **details: Any) -> Obj:
    ending = _available(cash, currency) + amount
    cash["available"] = {**(cash["available"] or {}), currency: ending}
    entry = blank(
        "customer_cash_balance_transaction",
        id=world.ids.new("ccsbtxn"),
        object="customer_cash_balance_transaction",
        created=world.clock.seconds(),
        currency=currency,
        customer=cash["customer"],
        ending_balance=ending,
        livemode=False,
        net_amount=amount,
        type=type,
    )
    entry.update(details)
    world.store.add(entry, owner=cash["customer"])
    world.emit("customer_cash_balance_transaction.created", entry, call)
    return entry


def _instructions(world: World, intent: Obj, remaining: int, reference: str | None = None) -> Obj:
    kind = _TYPES[intent["currency"]]
    address, networks = _ADDRESSES[kind]
    place = {"city": None, "country": "US", "line1": None, "line2": None, "postal_code": None, "state": None}
    known = {**_HOLDER, **_NUMBERS[address], "account_holder_address": place, "bank_address": place}
    if address in _NAMELESS:
        del known["bank_name"]
    return {
        "type": "display_bank_transfer_instructions",
        "display_bank_transfer_instructions": {
            "amount_remaining": remaining,
            "currency": intent["currency"],
            "financial_addresses": [{"supported_networks": networks, "type": address, address: known}],
            "hosted_instructions_url": page_of(world, intent),
            "reference": reference or world.ids.text(10).upper(),
            "type": kind,
        },
    }
