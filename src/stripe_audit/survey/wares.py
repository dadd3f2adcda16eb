"""What a project sells, as far as the handler that creates a payment tells: the amount and currency in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from stripe_audit.money import from_minor, is_known_currency
from stripe_audit.survey.roles import RoleRoute

__all__ = ["Ware", "ware_of"]

_AMOUNT = re.compile(r"\b(?:unit_)?amount['\"]?\s*[:=]\s*(\d{2,9})\b(?!\s*[*.])")
_CURRENCY = re.compile(r"\bcurrency['\"]?\s*[:=]\s*['\"]([A-Za-z]{3})['\"]")
_ANY_PRICE = Decimal("19.99")


@dataclass(frozen=True, slots=True)
class Ware:
    """One thing to buy, in major units. ``charged`` is the amount in the source; None where the caller names any."""

    price: Decimal
    currency: str
    charged: int | None = None


def ware_of(payment: RoleRoute) -> Ware | None:
    """What a payment is for; None where the app sells by names of its own, or its price is told nowhere."""
    wanted = set(payment.body.values())
    if "{item}" in wanted:
        return None
    told = _CURRENCY.search(payment.route.handler)
    currency = told[1].lower() if told and is_known_currency(told[1].lower()) else "usd"
    if "{amount}" in wanted:
        return Ware(_ANY_PRICE, currency)
    charged = {int(amount) for amount in _AMOUNT.findall(payment.route.handler)}
    if len(charged) != 1:
        return None
    try:
        return Ware(from_minor(min(charged), currency), currency, min(charged))
    except ValueError:
        return None
