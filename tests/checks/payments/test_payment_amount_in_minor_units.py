from __future__ import annotations

from decimal import Decimal

import pytest

from stripe_audit import Item
from tests.checks.payments.samples import ANSWER, DATES, MUG, STICKERS, judgment

CHECK = "payment-amount-in-minor-units"


@pytest.mark.parametrize(
    ("item", "quantity", "amount", "currency", "cause"),
    [
        (MUG, 1, 1999, "usd", None),
        (MUG, 3, 5997, "usd", None),
        (STICKERS, 3, 1500, "jpy", None),
        (DATES, 1, 3450, "kwd", None),
        (MUG, 1, 1998, "usd", "rounded"),
        (MUG, 3, 5999, "usd", "rounded"),
        (MUG, 1, 19, "usd", "unscaled"),
        (MUG, 1, 20, "usd", "unscaled"),
        (STICKERS, 1, 50000, "jpy", "scaled"),
        (DATES, 1, 345, "kwd", "scaled"),
        (MUG, 1, 1999, "eur", "currency"),
        (MUG, 3, 1999, "usd", "other"),
        (MUG, 1, 2499, "usd", "other"),
        (Item("tee", Decimal("8.20"), "usd"), 1, 819, "usd", "rounded"),
    ],
)
def test_the_cause_of_an_amount(item, quantity, amount, currency, cause):
    module = judgment(CHECK)
    sample = module.Sample(item, quantity, ANSWER, amount, currency)
    assert list(module.assess([sample])) == ([cause] if cause else [])


def test_what_stripe_refused_is_wrong_too():
    module = judgment(CHECK)
    refused = module.Sample(MUG, 1, ANSWER, error="Invalid integer: 7840.000000000001")
    assert module.assess([refused]) == {"refused": [refused]}


def test_every_cause_has_a_title_and_a_hint():
    module = judgment(CHECK)
    assert all(title and hint for title, hint in module.CAUSES.values())
    assert set(module.CAUSES) == {"scaled", "unscaled", "rounded", "currency", "refused", "other"}
