from __future__ import annotations

import pytest

from tests.checks.payments.samples import an_order, judgment

DONE = an_order("paid", fulfilled=1)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([DONE, DONE], None),
        ([DONE, an_order("paid", fulfilled=None)], None),
        ([DONE, an_order("unpaid"), None], "2 of 3 orders"),
        ([DONE, an_order("paid", fulfilled=0)], "1 of 2 orders are paid, and not fulfilled"),
        ([DONE, an_order("paid", fulfilled=3)], "1 orders are fulfilled more than once"),
    ],
)
def test_what_became_of_a_burst(orders, expected):
    wrong = judgment("webhook-events-none-lost").assess(orders)
    assert wrong is None if expected is None else expected in wrong[1]
