"""Stripe's documented test cards and what they do (docs.stripe.com/testing).

A card is known by the tail of its test payment method and token (``pm_card_visa``, ``tok_visa`` → ``visa``), and by its
number where the customer's browser sends one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Card", "Decline", "by_number", "by_name"]

Challenge = Literal["never", "always", "unless_set_up", "set_up", "optional"]
Aftermath = Literal[
    "dispute",
    "undelivered",
    "disputes",
    "compliance",
    "inquiry",
    "fraud_warning",
    "pending_refund",
    "failing_refund",
]
"""What comes after a payment: ``undelivered`` and ``compliance`` are disputes for other reasons, ``disputes`` two."""


@dataclass(frozen=True, slots=True)
class Decline:
    """How the issuer, or Radar, refuses. ``message`` is what Stripe shows."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. ``decline`` applies when it is charged, after a passed challenge if there is one."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    challenge: Challenge = "never"
    is_attachable: bool = True
    aftermath: Aftermath | None = None
    risk: str = "normal"
    is_blocked: bool = False
    is_available_at_once: bool = False
    """Its payments reach the available balance without having been pending."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _declined(decline_code: str, message: str = "Your card was declined.") -> Decline:
    return Decline("card_declined", decline_code, message)


GENERIC = _declined("generic_decline")
INSUFFICIENT = _declined("insufficient_funds", "Your card has insufficient funds.")
PROCESSING = Decline(
    "processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit."
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)

_DECLINED = {
    "visa_chargeDeclined": ("4000000000000002", GENERIC),
    "chargeDeclined": ("4000000000000002", GENERIC),
    "visa_chargeDeclinedInsufficientFunds": ("4000000000009995", INSUFFICIENT),
    "chargeDeclinedInsufficientFunds": ("4000000000009995", INSUFFICIENT),
    "visa_chargeDeclinedLostCard": ("4000000000009987", _declined("lost_card")),
    "visa_chargeDeclinedStolenCard": ("4000000000009979", _declined("stolen_card")),
    "visa_chargeDeclinedVelocityLimitExceeded": (
        "4000000000006975",
        _declined(
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        ),
    ),
    "chargeDeclinedFraudulent": ("4100000000000019", _declined("fraudulent")),
    "visa_chargeDeclinedFraudulent": ("4100000000000019", _declined("fraudulent")),
    "chargeDeclinedExpiredCard": ("4000000000000069", Decline("expired_card", None, "Your card has expired.")),
    "chargeDeclinedIncorrectCvc": (
        "4000000000000127",
        Decline("incorrect_cvc", None, "Your card's security code is incorrect."),
    ),
    "chargeDeclinedProcessingError": ("4000000000000119", PROCESSING),
}

_BRANDS = {
    "visa": Card("4242424242424242"),
    "visa_debit": Card("4000056655665556", funding="debit"),
    "mastercard": Card("5555555555554444", "mastercard"),
    "mastercard_debit": Card("5200828282828210", "mastercard", "debit"),
    "mastercard_prepaid": Card("5105105105105100", "mastercard", "prepaid"),
    "amex": Card("378282246310005", "amex"),
    "discover": Card("6011111111111117", "discover"),
    "diners": Card("3056930009020004", "diners"),
    "jcb": Card("3566002020360505", "jcb", country="JP"),
    "unionpay": Card("6200000000000005", "unionpay", country="CN"),
}

_COUNTRIES = {
    "us": "4242424242424242",
    "ar": "4000000320000021",
    "br": "4000000760000002",
    "ca": "4000001240000000",
    "mx": "4000004840008001",
    "ae": "4000007840000001",
    "at": "4000000400000008",
    "be": "4000000560000004",
    "ch": "4000007560000009",
    "de": "4000002760000016",
    "dk": "4000002080000001",
    "es": "4000007240000007",
    "fi": "4000002460000001",
    "fr": "4000002500000003",
    "gb": "4000008260000000",
    "gr": "4000003000000030",
    "ie": "4000003720000005",
    "it": "4000003800000008",
    "lu": "4000004420000006",
    "nl": "4000005280000002",
    "no": "4000005780000007",
    "pl": "4000006160000005",
    "pt": "4000006200000007",
    "se": "4000007520000008",
    "au": "4000000360000006",
    "cn": "4000001560000002",
    "hk": "4000003440000004",
    "in": "4000003560000008",
    "jp": "4000003920000003",
    "my": "4000004580000002",
    "nz": "4000005540000008",
    "sg": "4000007020000003",
    "th": "4000007640000003",
}

_SPECIAL = {
    "chargeCustomerFail": Card("4000000000000341", decline=GENERIC),
    "radarBlock": Card(
        "4100000000000019", decline=_declined("fraudulent"), is_attachable=False, is_blocked=True, risk="highest"
    ),
    "riskLevelHighest": Card("4000000000004954", risk="highest"),
    "riskLevelElevated": Card("4000000000009235", risk="elevated"),
    "cvcCheckFail": Card("4000000000000101"),
    "avsZipFail": Card("4000000000000036"),
    "avsLine1Fail": Card("4000000000000028"),
    "avsFail": Card("4000000000000010"),
    "avsUnchecked": Card("4000000000000044"),
    "bypassPending": Card("4000000000000077", is_available_at_once=True),
    "bypassPendingInternational": Card("4000003720000278", country="IE", is_available_at_once=True),
    "createDispute": Card("4000000000000259", aftermath="dispute"),
    "createDisputeProductNotReceived": Card("4000000000002685", aftermath="undelivered"),
    "createMultipleDisputes": Card("4000000404000079", aftermath="disputes"),
    "createCe3EligibleDispute": Card("4000000404000038", aftermath="dispute"),
    "createComplianceDispute": Card("4000008400000779", aftermath="compliance"),
    "createMastercardComplianceDispute": Card("5105008400000002", "mastercard", aftermath="compliance"),
    "createAutoRepresentmentEligibleDispute": Card("4000000001000043", aftermath="dispute"),
    "createDisputeInquiry": Card("4000000000001976", aftermath="inquiry"),
    "createIssuerFraudRecord": Card("4000000000005423", aftermath="fraud_warning"),
    "pendingRefund": Card("4000000000007726", aftermath="pending_refund"),
    "refundFail": Card("4000000000005126", aftermath="failing_refund"),
    "authenticationRequiredOnSetup": Card("4000002500003155", challenge="unless_set_up"),
    "authenticationRequired": Card("4000002760003184", challenge="always"),
    "authenticationRequiredSetupForOffSession": Card("4000003800000446", challenge="set_up"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", challenge="always", decline=INSUFFICIENT
    ),
    "threeDSecure2Required": Card("4000000000003220", challenge="always"),
    "threeDSecureRequired": Card("4000000000003220", challenge="always"),
    "threeDSecureRequiredChargeDeclined": Card("4000008400001629", challenge="always", decline=GENERIC),
    "threeDSecureRequiredProcessingError": Card("4000008400001280", challenge="always", decline=PROCESSING),
    "threeDSecureOptional": Card("4000000000003055", challenge="optional"),
    "threeDSecureOptionalProcessingError": Card("4000000000003097", challenge="optional"),
    "amex_threeDSecureNotSupported": Card("378282246310005", "amex"),
}

_BY_NAME: dict[str, Card] = {
    **{country: Card(number, country=country.upper()) for country, number in _COUNTRIES.items()},
    **{name: Card(number, decline=decline, is_attachable=False) for name, (number, decline) in _DECLINED.items()},
    **_SPECIAL,
    **_BRANDS,
}
_BY_NUMBER: dict[str, Card] = {card.number: card for card in _BY_NAME.values()}


def by_name(identity: str) -> Card | None:
    """The card of ``pm_card_…`` or ``tok_…``; None if there is none of this name."""
    for prefix in ("pm_card_", "tok_"):
        if identity.startswith(prefix):
            return _BY_NAME.get(identity[len(prefix) :])
    return None


def by_number(number: str) -> Card | None:
    """The test card of this number; a fresh one for any other number that passes the Luhn check; else None."""
    digits = number.replace(" ", "").replace("-", "")
    known = _BY_NUMBER.get(digits)
    if known is not None:
        return known
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and _is_luhn(digits)):
        return None
    return replace(_BRANDS["visa"], number=digits)


def _is_luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
