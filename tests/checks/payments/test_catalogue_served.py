from __future__ import annotations

import pytest

from tests.checks.payments.samples import DATES, MUG, STICKERS, judgment

CHECK = "catalogue-served"


@pytest.mark.parametrize(
    ("price", "currency", "unit", "amount"),
    [
        ("19.99", "USD", "major", 1999),
        (19.99, "usd", "major", 1999),
        (500, "jpy", "major", 500),
        ("3.450", "kwd", "major", 3450),
        (1999, "usd", "minor", 1999),
        (1999.0, None, "minor", 1999),
        ("19.99", "usd", "minor", None),
        ("19.999", "usd", "major", None),
        ("$19.99", "usd", "major", None),
        (None, "usd", "major", None),
        ("NaN", "usd", "minor", None),
        ({}, "usd", "major", None),
        (10, "zzz", "major", None),
    ],
)
def test_a_price_is_read_exactly_or_not_at_all(price, currency, unit, amount):
    (entry,) = judgment(CHECK).entries([{"id": "mug", "price": price, "currency": currency}], unit)
    assert entry == ("mug", currency.lower() if currency else None, amount)


@pytest.mark.parametrize("items", [None, {}, "mug", [1, "mug", None, []]])
def test_what_is_no_list_of_entries_is_none(items):
    assert judgment(CHECK).entries(items, "major") == []


def test_an_item_is_found_in_its_currency():
    module = judgment(CHECK)
    euros, dollars = module.Entry("mug", "eur", 1799), module.Entry("mug", "usd", 1999)
    assert module.entry_of(MUG, [euros, dollars]) == dollars
    assert module.entry_of(MUG, [euros]) is None
    assert module.entry_of(MUG, [module.Entry("mug", None, 1999)]) == ("mug", None, 1999)


@pytest.mark.parametrize(
    ("shown", "is_readable"),
    [
        ((1999, 3450, 500), True),
        ((999, 3450, 500), True),
        ((199900, 3450000, 500), False),
        ((199900, 3450, 500), True),
        ((None, 3450, 500), False),
    ],
)
def test_prices_in_the_other_unit_are_no_finding(shown, is_readable):
    module = judgment(CHECK)
    charged = zip((MUG, DATES, STICKERS), shown, (1999, 3450, 500), strict=True)
    assert module.is_readable([module.Pair(*pair) for pair in charged]) is is_readable
