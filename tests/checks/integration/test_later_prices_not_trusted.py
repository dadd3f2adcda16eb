from __future__ import annotations

import pytest

from stripe_audit.trials import Repriced
from tests.checks.payments.samples import judgment

SOLD = {(1999, "usd"), (1799, "eur"), (500, "jpy")}


@pytest.mark.parametrize(
    ("asked", "is_wrong"),
    [
        (None, False),
        ((1999, "usd"), False),
        ((999, "usd"), True),
        ((1, "usd"), True),
        ((3998, "usd"), True),
        ((1799, "eur"), False),  # sold so
        ((1999, "vnd"), True),
        ((20, "vnd"), True),
        ((520000, "vnd"), False),  # converted
    ],
)
def test_the_price_is_the_orders(asked, is_wrong):
    one = Repriced("checkout sums", "amount or price", (1999, "usd"), asked, None)
    assert judgment("later-prices-not-trusted").is_believed(one, SOLD) is is_wrong
