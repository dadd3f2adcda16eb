"""What a payment method, and a charge made with it, say about accounts, banks and wallets."""

from __future__ import annotations

import time
from typing import Any

from stripe_audit.emulator.bank_accounts import BankAccount
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["of_charge", "of_method"]

BANK = "STRIPE TEST BANK"
_DEBIT_DAYS = 5
"""docs.stripe.com/payments/sepa-debit: a payment typically takes five business days."""


def of_method(world: World, kind: str, given: dict[str, Any], account: BankAccount | None) -> dict[str, Any]:
    """The hash that a payment method of this kind has under the kind's name."""
    if account is not None:
        shown = {"fingerprint": world.fingerprint(account.number), "last4": account.last4}
        return _ACCOUNTS[kind](given, account.number) | shown
    return {name: given.get(name, value) for name, value in _WALLETS.get(kind, {}).items()}


def of_charge(world: World, method: Obj, mandate: str | None) -> dict[str, Any]:
    """``payment_method_details`` of a charge with this payment method."""
    kind = method["type"]
    known = {name: value for name, value in (method[kind] or {}).items() if name in _SHARED}
    details = {**_CHARGED.get(kind, {}), **known}
    if "mandate" in details:
        details["mandate"] = mandate
    if "expected_debit_date" in details:
        details["expected_debit_date"] = _date(world.clock.seconds() + _DEBIT_DAYS * 86400)
    return {"type": kind, kind: details}


def _date(seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _sepa(given: dict[str, Any], number: str) -> dict[str, Any]:
    return {
        "bank_code": number[4:9],
        "branch_code": "",
        "country": number[:2],
        "generated_from": {"charge": None, "setup_attempt": None},
    }


def _us(given: dict[str, Any], number: str) -> dict[str, Any]:
    return {
        "account_holder_type": given.get("account_holder_type") or "individual",
        "account_type": given.get("account_type") or "checking",
        "bank_name": BANK,
        "financial_connections_account": None,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": given.get("routing_number") or "110000000",
        "status_details": {},
    }


def _acss(given: dict[str, Any], number: str) -> dict[str, Any]:
    return {
        "bank_name": BANK,
        "institution_number": given.get("institution_number") or "000",
        "transit_number": given.get("transit_number") or "11000",
    }


def _new_zealand(given: dict[str, Any], number: str) -> dict[str, Any]:
    return {
        "account_holder_name": given.get("account_holder_name"),
        "bank_code": given.get("bank_code") or "11",
        "bank_name": BANK,
        "branch_code": given.get("branch_code") or "0000",
        "suffix": given.get("suffix") or "010",
    }


def _bacs(given: dict[str, Any], number: str) -> dict[str, Any]:
    return {"sort_code": given.get("sort_code") or "108800"}


def _becs(given: dict[str, Any], number: str) -> dict[str, Any]:
    return {"bsb_number": given.get("bsb_number") or "000000"}


_ACCOUNTS = {
    "sepa_debit": _sepa,
    "us_bank_account": _us,
    "acss_debit": _acss,
    "nz_bank_account": _new_zealand,
    "bacs_debit": _bacs,
    "au_becs_debit": _becs,
}
_WALLETS: dict[str, dict[str, Any]] = {
    "boleto": {"tax_id": ""},
    "cashapp": {"buyer_id": None, "cashtag": None},
    "eps": {"bank": None},
    "fpx": {"account_holder_type": None, "bank": "maybank2u"},
    "ideal": {"bank": None, "bic": None},
    "klarna": {"dob": None},
    "naver_pay": {"buyer_id": None, "funding": "card"},
    "p24": {"bank": None},
    "paypal": {"country": None, "payer_email": None, "payer_id": None},
    "sofort": {"country": None},
}
"""What each kind says of itself; the others' hashes are empty."""
_BANK = {"bank_code": None, "bank_name": None, "bic": None, "iban_last4": None, "verified_name": None}
_GENERATED = {"generated_sepa_debit": None, "generated_sepa_debit_mandate": None}
_DEBITED = {"expected_debit_date": None, "fingerprint": None, "last4": None, "mandate": None}
_CHARGED: dict[str, dict[str, Any]] = {
    "acss_debit": {"bank_name": None, "institution_number": None, "transit_number": None, **_DEBITED},
    "affirm": {"location": None, "reader": None, "transaction_id": None},
    "alipay": {"buyer_id": None, "fingerprint": None, "transaction_id": None},
    "au_becs_debit": {"bsb_number": None, **_DEBITED},
    "bacs_debit": {"sort_code": None, **_DEBITED},
    "bancontact": {**_BANK, **_GENERATED, "preferred_language": "en"},
    "boleto": {"tax_id": ""},
    "cashapp": {"buyer_id": None, "cashtag": None, "transaction_id": None},
    "eps": {"bank": None, "verified_name": None},
    "ideal": {"bank": None, "bic": None, "iban_last4": None, "transaction_id": None, "verified_name": None}
    | _GENERATED,
    "klarna": {
        "location": None,
        "payer_details": None,
        "payment_method_category": "pay_later",
        "preferred_locale": "en-US",
        "reader": None,
    },
    "konbini": {"store": {"chain": "lawson"}},
    "multibanco": {"entity": None, "reference": None},
    "nz_bank_account": {"expected_debit_date": None},
    "oxxo": {"number": None},
    "p24": {"bank": None, "reference": None, "verified_name": None},
    "paypal": {
        "country": None,
        "payer_email": None,
        "payer_id": None,
        "payer_name": None,
        "seller_protection": None,
        "transaction_id": None,
    },
    "sepa_debit": {"bank_code": None, "branch_code": None, "country": None, **_DEBITED},
    "sofort": {"country": None, **_BANK, **_GENERATED, "preferred_language": "en"},
    "us_bank_account": {"account_holder_type": None, "account_type": None, "bank_name": None}
    | {"payment_reference": None, "routing_number": None, **_DEBITED},
}
"""What a charge says of each kind, in the fields that the official library declares."""
_SHARED = {
    "account_holder_name",
    "account_holder_type",
    "account_type",
    "bank",
    "bank_code",
    "bank_name",
    "bic",
    "branch_code",
    "bsb_number",
    "buyer_id",
    "cashtag",
    "country",
    "fingerprint",
    "institution_number",
    "last4",
    "payer_email",
    "payer_id",
    "routing_number",
    "sort_code",
    "suffix",
    "tax_id",
    "transit_number",
}
"""What a charge takes over from its payment method."""
