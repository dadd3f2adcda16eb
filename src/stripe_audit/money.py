"""Amounts in Stripe's integers: minor units per currency, and the least and most that can be charged.

Source: docs.stripe.com/currencies (zero-decimal, special cases, minimum and maximum charge amounts). Currency codes are
ISO 4217, lower case as Stripe writes them; upper case is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import MAX_PREC, Context, Decimal, Inexact, InvalidOperation, Overflow

__all__ = [
    "MoneyError",
    "chargeable_step",
    "differ_by_unit",
    "from_minor",
    "is_known_currency",
    "maximum_charge",
    "minimum_charge",
    "minor_unit_exponent",
    "to_minor",
]


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
WHOLE_UNITS_ONLY = _codes("isk ugx")
"""Without a minor unit in the world, but two decimals in the API, and these must be ``00``."""
TWO_DECIMAL = _codes(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop
    crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs
    khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen
    pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx
    usd uyu uzs wst xcd yer zar zmw
    """
)

_MINIMUM = {
    "usd": "0.50",
    "aed": "2",
    "ars": "0.50",
    "aud": "0.50",
    "brl": "0.50",
    "cad": "0.50",
    "chf": "0.50",
    "cop": "0.50",
    "czk": "15",
    "dkk": "2.50",
    "eur": "0.50",
    "gbp": "0.30",
    "hkd": "4",
    "huf": "175",
    "idr": "0.50",
    "ils": "0.50",
    "inr": "0.50",
    "jpy": "50",
    "krw": "50",
    "mxn": "10",
    "myr": "2",
    "nok": "3",
    "nzd": "0.50",
    "php": "0.50",
    "pln": "2",
    "ron": "2",
    "rub": "0.50",
    "sek": "3",
    "sgd": "0.50",
    "thb": "10",
    "zar": "0.50",
}
_MAXIMUM_DIGITS = 12
"""Cards take amounts of up to twelve digits (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""


_MOST_DIGITS = 30
"""Before the point. More is no amount, and its integer would cost memory: ``1e999999`` has a million digits."""


class MoneyError(ValueError):
    """An amount or a currency that Stripe has no exact integer for."""


def is_known_currency(currency: str) -> bool:
    """Whether Stripe can charge in this currency."""
    code = currency.lower()
    return code in TWO_DECIMAL or code in ZERO_DECIMAL or code in THREE_DECIMAL


def minor_unit_exponent(currency: str) -> int:
    """How many decimals the API's integer carries: 0, 2 or 3. Raises MoneyError for an unknown currency."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    if code in THREE_DECIMAL:
        return 3
    if code in TWO_DECIMAL:
        return 2
    raise MoneyError(f"not a currency that Stripe charges in: {currency!r}")


def chargeable_step(currency: str) -> int:
    """What a chargeable integer must be a multiple of: 1, 10 (three decimals, the last is 0) or 100 (ISK, UGX)."""
    code = currency.lower()
    if code in WHOLE_UNITS_ONLY:
        return 100
    return 10 if minor_unit_exponent(code) == 3 else 1


def to_minor(amount: Decimal | str | int, currency: str) -> int:
    """``19.99`` in EUR is ``1999``. Raises MoneyError where the amount has no exact integer in the API.

    A float is refused: it cannot hold most amounts (``17.99 * 100`` is not 1799).
    """
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, str, int)):
        raise MoneyError("amounts are exact: pass a Decimal, a string or an integer")
    exponent = minor_unit_exponent(currency)
    shown = repr(str(amount)[:40]) if not isinstance(amount, int) else "an integer so large"
    if isinstance(amount, str) and ("_" in amount or not amount.isascii()):
        raise MoneyError(f"not an amount: {shown}")  # Decimal reads 1_000 and digits of every script
    try:
        value = Decimal(amount)
        if not value.is_finite() or value.adjusted() >= _MOST_DIGITS:
            raise MoneyError(f"not an amount: {shown}")
        scaled = value.scaleb(exponent, Context(prec=2 * _MOST_DIGITS, traps=[InvalidOperation, Inexact, Overflow]))
        minor = int(scaled)
    except Inexact:
        raise MoneyError(f"{shown} {currency.upper()} has more decimals than the currency") from None
    except InvalidOperation:
        raise MoneyError(f"not an amount: {shown}") from None
    if minor != scaled:
        raise MoneyError(f"{shown} {currency.upper()} has more decimals than the currency")
    if minor % chargeable_step(currency):
        raise MoneyError(f"{shown} {currency.upper()} is not chargeable: the last decimals must be 0")
    return minor


def from_minor(amount: int, currency: str) -> Decimal:
    """``1999`` in EUR is ``Decimal("19.99")``; ``1999`` in JPY is ``Decimal("1999")``. Raises MoneyError."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise MoneyError("the API's amounts are integers")
    return Decimal(amount).scaleb(-minor_unit_exponent(currency), Context(prec=MAX_PREC))


def minimum_charge(currency: str) -> int | None:
    """The least chargeable amount, in minor units; None where Stripe publishes none."""
    least = _MINIMUM.get(currency.lower())
    return None if least is None else int(Decimal(least).scaleb(minor_unit_exponent(currency)))


def maximum_charge(currency: str) -> int:
    """The most that a card can be charged, in minor units. Raises MoneyError for an unknown currency."""
    minor_unit_exponent(currency)
    most: int = 10**_MAXIMUM_DIGITS - 1
    return most


def differ_by_unit(pairs: Iterable[tuple[int, int, str]]) -> bool:
    """Whether amounts are the same but for the unit: all of one side in major, of the other in minor units.

    Pairs with their currency; currencies without decimals tell nothing. Raises MoneyError for an unknown currency.
    """
    telling = [(one, other, 10 ** minor_unit_exponent(code)) for one, other, code in pairs]
    telling = [pair for pair in telling if pair[2] > 1]
    return bool(telling) and (
        all(one == other * factor for one, other, factor in telling)
        or all(one * factor == other for one, other, factor in telling)
    )
