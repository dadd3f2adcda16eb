from __future__ import annotations

import pytest

from tests.checks.payments.samples import an_order, judgment

DONE = an_order("paid", fulfilled=1)


@pytest.mark.parametrize(
    ("order", "is_told", "has_fallen", "expected"),
    [
        (DONE, True, False, []),
        (DONE, None, False, []),
        (an_order("paid", fulfilled=None), True, False, []),
        (an_order("unpaid"), None, False, ["paid"]),
        (an_order("unpaid"), False, False, ["paid"]),
        (an_order("paid", fulfilled=0), True, False, ["fulfilled"]),
        (an_order("paid", fulfilled=2), True, False, ["repeated"]),
        (DONE, False, False, ["told"]),
        (DONE, True, True, ["health"]),
        (an_order("paid", fulfilled=0), False, True, ["fulfilled", "told", "health"]),
    ],
)
def test_what_is_wrong_at_the_end(order, is_told, has_fallen, expected):
    wrong = judgment("one-time-payment-completes").assess(order, is_told, has_fallen)
    assert [one.id for one in wrong] == expected
