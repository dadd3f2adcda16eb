"""New payment methods of other types than cards, from what a call says about them.

Source: docs.stripe.com/api/payment_methods/create.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.bank_accounts import BankAccount, by_number, by_token
from stripe_audit.emulator.cards import Card
from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.local_methods.details import of_method
from stripe_audit.emulator.resources.local_methods.kinds import KINDS
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["account_given", "by_test_name", "from_data"]

_NUMBER = {kind: "account_number" for kind, known in KINDS.items() if known.way == "debit"} | {"sepa_debit": "iban"}
_UNSUPPORTED = {
    "55555": ("sepa_debit_bank_not_supported", "The customer's bank does not support SEPA Direct Debit."),
    "66666": ("sepa_debit_debits_not_supported", "The customer's account cannot be debited by SEPA Direct Debit."),
}
"""How the IBANs end with which no payment method can be made (docs.stripe.com/testing)."""


def from_data(call: Call, kind: str, data: dict[str, Any], param: str, values: dict[str, Any]) -> Obj:
    """A payment method of this kind; ``values`` are its billing details, metadata and the like.

    Raises ApiError 400 for kinds that do not exist, missing account data or billing details, and IBANs that are wrong.
    """
    known = KINDS.get(kind)
    if known is None:
        raise invalid(f"Invalid type: must be one of card, {', '.join(sorted(KINDS))}", _inside(param, "type"))
    given = data.get(kind) or {}
    if not isinstance(given, dict):
        raise invalid("Invalid object", _inside(param, kind))
    account = None
    if known.way == "debit":
        account = account_given(kind, given, _inside(param, kind))
    if kind == "boleto" and not given.get("tax_id"):
        raise _missing(_inside(_inside(param, kind), "tax_id"))
    for name in known.asks:
        if not values["billing_details"].get(name):
            raise _missing(_inside(_inside(param, "billing_details"), name))
    return _new(call.world, kind, given, account, values)


def account_given(kind: str, given: dict[str, Any], param: str) -> BankAccount:
    """The test account whose number is given. Raises ApiError 400 where it is missing or cannot be."""
    name = _NUMBER[kind]
    if not given:
        raise _missing(param)
    number = str(given.get(name) or "").replace(" ", "").replace("-", "").upper()
    if not number:
        raise _missing(_inside(param, name))
    if kind == "sepa_debit":
        _check_iban(number, _inside(param, name))
    elif not (number.isascii() and number.isdigit() and 5 <= len(number) <= 17):
        raise invalid("The account number is invalid.", _inside(param, name), "account_number_invalid")
    return by_number(kind, number)


def by_test_name(world: World, identity: str) -> Obj | None:
    """A fresh payment method for ``pm_usBankAccount_success`` and the like; None for names that mean nothing."""
    account = by_token(identity)
    if account is None:
        return None
    details: dict[str, Any] = dict.fromkeys(("email", "name", "phone", "tax_id"))
    details["address"] = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    details.update(email="jenny@example.com", name="Jenny Rosen")
    return _new(world, account.kind, {}, account, {"billing_details": details, "metadata": {}})


def _new(world: World, kind: str, given: dict[str, Any], account: BankAccount | None, values: dict[str, Any]) -> Obj:
    method = blank(
        "payment_method",
        id=world.ids.new("pm"),
        object="payment_method",
        allow_redisplay="unspecified",
        created=world.clock.seconds(),
        livemode=False,
        type=kind,
    )
    method[kind] = of_method(world, kind, given, account)
    method.update(values)
    # Whatever asks for the card behind a payment method gets an answer: one that is never refused nor challenged.
    number = account.number if account else kind
    world.cards[method["id"]] = Card(
        number, brand=kind, aftermath="dispute" if account and account.is_disputed else None
    )
    if account is not None:
        world.checkout.accounts[method["id"]] = account
    return world.store.add(method)


def _check_iban(number: str, param: str) -> None:
    rearranged = number[4:] + number[:4]
    is_plain = number.isascii() and number.isalnum() and 15 <= len(number) <= 34 and number[:2].isalpha()
    if not is_plain or int("".join(str(int(letter, 36)) for letter in rearranged)) % 97 != 1:
        raise invalid("The IBAN you entered is invalid.", param, "invalid_bank_account_iban")
    for ending, (code, message) in _UNSUPPORTED.items():
        if number.endswith(ending):
            raise ApiError(message, param=param, code=code)


def _missing(param: str) -> ApiError:
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def _inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name
