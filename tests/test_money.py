"""Amounts: the table of docs.stripe.com/currencies, and exact round trips."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit import money

EXPONENTS = {
    0: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    2: "USD EUR GBP AUD CAD CHF SEK ISK UGX HUF TWD BRL INR MXN ZAR",
    3: "BHD JOD KWD OMR TND",
}
MINIMA = {
    "usd": 50,
    "aed": 200,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "jpy": 50,
    "krw": 50,
    "mxn": 1000,
    "nok": 300,
    "pln": 200,
    "thb": 1000,
}
ALL = sorted(money.ZERO_DECIMAL | money.TWO_DECIMAL | money.THREE_DECIMAL)


@pytest.mark.parametrize(
    ("code", "exponent"), [(code, exponent) for exponent, codes in EXPONENTS.items() for code in codes.split()]
)
def test_the_integer_carries_as_many_decimals_as_stripe_says(code: str, exponent: int) -> None:
    assert money.minor_unit_exponent(code) == exponent
    assert money.minor_unit_exponent(code.lower()) == exponent
    assert money.is_known_currency(code)


def test_each_currency_is_in_one_group_only() -> None:
    assert len(ALL) == len(money.ZERO_DECIMAL) + len(money.TWO_DECIMAL) + len(money.THREE_DECIMAL)
    assert len(money.ZERO_DECIMAL) == 15
    assert len(money.THREE_DECIMAL) == 5
    assert money.WHOLE_UNITS_ONLY <= money.TWO_DECIMAL


@pytest.mark.parametrize("code", ["", "xxx", "us", "usdd", "btc", "€"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    assert not money.is_known_currency(code)
    for ask in (money.minor_unit_exponent, money.maximum_charge, money.chargeable_step):
        with pytest.raises(money.MoneyError, match="not a currency"):
            ask(code)
    with pytest.raises(money.MoneyError):
        money.to_minor("1", code)


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [
        ("19.99", "eur", 1999),
        ("19.99", "EUR", 1999),
        (Decimal("0.5"), "usd", 50),
        (7, "usd", 700),
        ("1999", "jpy", 1999),
        ("5", "isk", 500),
        ("5.00", "ugx", 500),
        ("1.230", "kwd", 1230),
        ("-3.10", "usd", -310),
        ("0", "usd", 0),
        (" 4.35 ", "usd", 435),
        ("12345678901234567890123456789.99", "usd", 1234567890123456789012345678999),
        # Amounts that binary floating point gets wrong (Stripe's "Invalid integer: 7840.000000000001" and its kind).
        ("0.29", "usd", 29),
        ("1.10", "usd", 110),
        ("8.20", "usd", 820),
        ("9.95", "usd", 995),
        ("17.99", "usd", 1799),
        ("64.10", "usd", 6410),
        ("67.96", "usd", 6796),
        ("78.40", "usd", 7840),
    ],
)
def test_an_amount_becomes_stripes_integer(amount: Decimal | str | int, code: str, minor: int) -> None:
    assert money.to_minor(amount, code) == minor


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("1.005", "usd"),
        ("1.5", "jpy"),
        ("1.2345", "kwd"),
        ("1.234", "kwd"),
        ("5.50", "isk"),
        (0.1, "usd"),
        (True, "usd"),
        ("", "usd"),
        ("ten", "usd"),
        ("1,50", "usd"),
        ("NaN", "usd"),
        ("sNaN", "usd"),
        ("Infinity", "usd"),
        ("-Infinity", "usd"),
        ("1_000", "usd"),
        ("１２", "usd"),
        ("1e400", "usd"),
        ("1e999999", "usd"),
        ("9e99999999", "jpy"),
        ("1e-999999", "usd"),
        ("1" + "0" * 30, "usd"),
        pytest.param(10**5000, "usd", id="5001 digits"),
        ("0.01" + "0" * 40 + "1", "usd"),
        ("1." + "0" * 80 + "1", "usd"),
        (None, "usd"),
        ([], "usd"),
    ],
)
def test_what_has_no_exact_integer_is_refused(amount: object, code: str) -> None:
    with pytest.raises(money.MoneyError):
        money.to_minor(amount, code)  # type: ignore[arg-type]


@given(st.sampled_from(ALL), st.integers(-(10**12), 10**12))
def test_minor_units_survive_the_way_to_major_and_back(code: str, count: int) -> None:
    minor = count * money.chargeable_step(code)
    major = money.from_minor(minor, code)
    assert type(major) is Decimal
    assert money.to_minor(major, code) == minor
    assert money.to_minor(str(major), code) == minor


@given(st.sampled_from(ALL), st.floats())
def test_a_float_never_passes(code: str, amount: float) -> None:
    with pytest.raises(money.MoneyError):
        money.to_minor(amount, code)  # type: ignore[arg-type]
    with pytest.raises(money.MoneyError):
        money.from_minor(amount, code)  # type: ignore[arg-type]


@given(st.sampled_from(ALL), st.decimals(allow_nan=True, allow_infinity=True))
def test_whatever_decimal_comes_the_answer_is_exact_or_a_money_error(code: str, amount: Decimal) -> None:
    try:
        minor = money.to_minor(amount, code)
    except money.MoneyError:
        return
    assert minor == Fraction(amount) * 10 ** money.minor_unit_exponent(code)


@given(st.sampled_from(ALL), st.text(max_size=30))
def test_whatever_text_comes_nothing_but_a_money_error_leaves(code: str, text: str) -> None:
    try:
        money.to_minor(text, code)
    except money.MoneyError as error:
        assert len(str(error)) < 200


def test_major_units_are_exact_however_long() -> None:
    assert str(money.from_minor(1999, "eur")) == "19.99"
    assert str(money.from_minor(1999, "jpy")) == "1999"
    assert str(money.from_minor(5, "kwd")) == "0.005"
    assert str(money.from_minor(12345678901234567890123456789012345, "usd")) == "123456789012345678901234567890123.45"


@pytest.mark.parametrize(("code", "least"), MINIMA.items())
def test_the_least_charge_is_the_published_one(code: str, least: int) -> None:
    assert money.minimum_charge(code) == least
    assert money.minimum_charge(code.upper()) == least
    assert least % money.chargeable_step(code) == 0


def test_no_least_charge_is_invented() -> None:
    assert money.minimum_charge("kwd") is None
    assert money.minimum_charge("xxx") is None
    assert sum(money.minimum_charge(code) is not None for code in ALL) == 31


@pytest.mark.parametrize("code", ["usd", "jpy", "kwd", "isk"])
def test_cards_take_twelve_digits(code: str) -> None:
    assert money.maximum_charge(code) == 999_999_999_999
