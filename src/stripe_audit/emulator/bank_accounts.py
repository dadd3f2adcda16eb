"""Stripe's documented test bank accounts and what becomes of a debit from each.

Sources: docs.stripe.com/testing#non-card-payments, and "Test your integration" of docs.stripe.com/payments/sepa-debit,
/payments/ach-direct-debit, /payments/bacs-debit, /payments/au-becs-debit and /payments/acss-debit.
"""

from __future__ import annotations

from dataclasses import dataclass

from stripe_audit.emulator.cards import Decline

__all__ = ["BankAccount", "by_number", "by_token"]

LATE_SECONDS = 180
"""What the pages call "after at least three minutes"."""


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A test account, by the payment method's ``kind``. ``failure`` is how its bank refuses the debit."""

    kind: str
    number: str
    failure: Decline | None = None
    is_late: bool = False
    is_disputed: bool = False
    is_stuck: bool = False
    is_verified: bool = False
    """Tokens stand for accounts whose owner was verified; typed numbers of some kinds need micro-deposits."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _failure(code: str, message: str) -> Decline:
    return Decline(code, None, message)


_FAILURES = {
    "accountClosed": _failure("account_closed", "The customer's bank account has been closed."),
    "noAccount": _failure("no_account", "The bank account could not be located."),
    "insufficientFunds": _failure(
        "insufficient_funds", "The customer's account has insufficient funds to cover this payment."
    ),
    "debitNotAuthorized": _failure(
        "debit_not_authorized", "The customer has notified their bank that this payment was unauthorized."
    ),
    "referToCustomer": _failure("refer_to_customer", "The customer's bank asks to contact the customer."),
    "invalidCurrency": _failure(
        "invalid_currency", "The bank was unable to process this payment because of its currency."
    ),
    "failed": _failure("generic_could_not_process", "This payment could not be processed."),
    "exceedsWeeklyVolumeLimit": _failure(
        "charge_exceeds_source_limit", "This payment exceeds the weekly volume limit of the account."
    ),
    "exceedsWeeklyTransactionLimit": _failure(
        "charge_exceeds_weekly_limit", "This payment exceeds the weekly transaction limit of the account."
    ),
    "exceedsTransactionLimit": _failure(
        "charge_exceeds_transaction_limit", "This payment exceeds the transaction limit of the account."
    ),
}
_FAILURES["exceedsWeeklyLimit"] = _FAILURES["weeklyLimitExceeded"] = _FAILURES["exceedsWeeklyVolumeLimit"]
ENDS_MANDATE = {"account_closed", "no_account", "debit_not_authorized"}
"""Failure codes after which the mandate is inactive."""

_TOKENS = {"usBankAccount": "us_bank_account", "bacsDebit": "bacs_debit", "auBecsDebit": "au_becs_debit"}
_TOKENS |= {"sepaDebit": "sepa_debit", "acssDebit": "acss_debit"}
_NUMBERS: dict[str, dict[str, str]] = {
    "us_bank_account": {
        "success": "000123456789",
        "accountClosed": "000111111113",
        "noAccount": "000111111116",
        "insufficientFunds": "000222222227",
        "debitNotAuthorized": "000333333335",
        "invalidCurrency": "000444444440",
        "dispute": "000555555559",
        "processing": "000000000009",
        "weeklyLimitExceeded": "000777777771",
    },
    "bacs_debit": {
        "success": "00012345",
        "successDelayed": "90012345",
        "debitNotAuthorized": "33333335",
        "debitNotAuthorizedDelayed": "93333335",
        "insufficientFunds": "22222227",
        "insufficientFundsDelayed": "92222227",
        "dispute": "55555559",
        "exceedsWeeklyLimit": "34343434",
        "exceedsTransactionLimit": "12121212",
    },
    "au_becs_debit": {
        "success": "000123456",
        "successDelayed": "900123456",
        "accountClosed": "111111113",
        "noAccount": "111111116",
        "referToCustomer": "222222227",
        "referToCustomerDelayed": "922222227",
        "debitNotAuthorized": "333333335",
        "dispute": "666666660",
        "exceedsWeeklyLimit": "343434343",
        "exceedsTransactionLimit": "121212121",
    },
    "acss_debit": {
        "success": "000123456789",
        "successDelayed": "900123456789",
        "insufficientFunds": "000222222227",
        "insufficientFundsDelayed": "900222222227",
        "noAccount": "000111111116",
        "accountClosed": "000111111113",
        "debitNotAuthorized": "000333333335",
        "dispute": "000555555559",
        "exceedsWeeklyLimit": "000777777771",
        "exceedsTransactionLimit": "000888888881",
    },
}
_IBANS = {
    "at": "AT611904300234573201 AT321904300235473204 AT861904300235473202 AT051904300235473205 AT591904300235473203",
    "be": "BE62510007547061 BE78510007547064 BE68539007547034 BE51510007547065 BE08510007547063",
    "de": "DE89370400440532013000 DE08370400440532013003 DE62370400440532013001 DE78370400440532013004 "
    "DE35370400440532013002",
    "ee": "EE382200221020145685 EE222200221020145682 EE762200221020145680 EE922200221020145683 EE492200221020145681",
    "fi": "FI2112345600000785 FI3712345600000788 FI9112345600000786 FI1012345600000789 FI6412345600000787",
    "fr": "FR1420041010050500013M02606 FR3020041010050500013M02609 FR8420041010050500013M02607 "
    "FR7920041010050500013M02600 FR5720041010050500013M02608",
    "hr": "HR7624020064583467589 HR6323600002337876649 HR2725000096983499248 HR6723600004878117427 "
    "HR8724840081455523553",
    "ie": "IE29AIBK93115212345678 IE24AIBK93115212345671 IE02AIBK93115212345679 IE94AIBK93115212345672 "
    "IE51AIBK93115212345670",
}
_SCENARIOS = ("success", "successDelayed", "failed", "failedDelayed", "disputed")
_ENDINGS = {
    "343434": "exceedsWeeklyVolumeLimit",
    "121212": "exceedsWeeklyTransactionLimit",
    "2222227": "insufficientFunds",
}
"""How the IBANs of every country end that go beyond a limit or have no funds."""
_FAILING_ELSEWHERE = "IT60X0542811101000000123456"
"""The account that the Stripe CLI takes for ``checkout.session.async_payment_failed``."""
_KNOWN_IBANS = {
    iban: scenario for ibans in _IBANS.values() for scenario, iban in zip(_SCENARIOS, ibans.split(), strict=True)
} | {_FAILING_ELSEWHERE: "failed"}


def by_token(identity: str) -> BankAccount | None:
    """The account of ``pm_usBankAccount_success``, ``pm_sepaDebit_success_de`` and the like; None if there is none."""
    parts = identity.removeprefix("pm_").split("_")
    kind = _TOKENS.get(parts[0])
    if kind is None or not identity.startswith("pm_"):
        return None
    if kind == "sepa_debit":
        known = dict(zip(_SCENARIOS, _IBANS.get(parts[-1], "").split(), strict=False)) if len(parts) == 3 else {}
        number = known.get(parts[1])
    else:
        number = _NUMBERS[kind].get(parts[1]) if len(parts) == 2 else None
    return None if number is None else _account(kind, number, parts[1], is_verified=True)


def by_number(kind: str, number: str) -> BankAccount:
    """The test account of this number; any other one pays."""
    if kind == "sepa_debit":
        ending = next((name for end, name in _ENDINGS.items() if number.endswith(end)), "success")
        return _account(kind, number, _KNOWN_IBANS.get(number, ending))
    scenario = next((name for name, known in _NUMBERS.get(kind, {}).items() if known == number), "success")
    return _account(kind, number, scenario)


def _account(kind: str, number: str, scenario: str, *, is_verified: bool = False) -> BankAccount:
    plain = scenario.removesuffix("Delayed")
    return BankAccount(
        kind,
        number,
        failure=_FAILURES.get(plain),
        is_late=plain != scenario,
        is_disputed=plain in ("dispute", "disputed"),
        is_stuck=plain == "processing",
        is_verified=is_verified,
    )
