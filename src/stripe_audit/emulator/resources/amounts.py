"""Amounts and currencies that Stripe accepts (docs.stripe.com/currencies)."""

from __future__ import annotations

import functools
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.money import (
    chargeable_step,
    from_minor,
    is_known_currency,
    maximum_charge,
    minimum_charge,
    minor_unit_exponent,
)

__all__ = ["check_amount", "currency_of", "spoken"]


def currency_of(params: dict[str, Any]) -> str:
    """The currency in lower case. Raises ApiError 400 for one that Stripe does not charge in."""
    currency = str(params.get("currency") or "").lower()
    if not is_known_currency(currency):
        raise invalid(f"Invalid currency: {currency[:20]}. Stripe does not support this currency.", "currency")
    return currency


def check_amount(amount: int, currency: str, param: str = "amount") -> None:
    """Raise ApiError 400 for an amount that cannot be charged: not positive, too small or large, a wrong last digit."""
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param, "parameter_invalid_integer")
    least, most = _bounds(currency)
    if least is not None and amount < least:
        raise invalid(f"Amount must be at least {spoken(least, currency)}", param, "amount_too_small")
    if amount > most:
        raise invalid(f"Amount must be no more than {spoken(most, currency)}", param, "amount_too_large")
    check_step(amount, currency, param)


@functools.cache
def _bounds(currency: str) -> tuple[int | None, int]:
    return minimum_charge(currency), maximum_charge(currency)


def check_step(amount: int, currency: str, param: str = "amount") -> None:
    """Raise ApiError 400 where the currency's last digits must be zero and are not."""
    step = chargeable_step(currency)
    if amount % step:
        raise invalid(
            f"Invalid amount: {currency.upper()} amounts must be a multiple of {step} in the API's unit.",
            param,
            "invalid_charge_amount",
        )


def spoken(amount: int, currency: str) -> str:
    """``$0.50 usd``, ``50 jpy``: as in Stripe's messages."""
    sign = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}.get(currency, "")
    return f"{sign}{from_minor(amount, currency):,.{minor_unit_exponent(currency)}f} {currency}"
