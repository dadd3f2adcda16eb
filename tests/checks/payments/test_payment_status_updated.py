from __future__ import annotations

import pytest

from tests.checks.payments.samples import an_order, judgment

OPEN = an_order("unpaid")
DONE = an_order("paid", fulfilled=1)


@pytest.mark.parametrize(
    ("before", "after", "beside", "expected"),
    [
        (OPEN, DONE, OPEN, []),
        (None, DONE, None, []),
        (OPEN, an_order("paid", fulfilled=None), OPEN, []),
        (OPEN, OPEN, OPEN, ["never"]),
        (OPEN, an_order("pending"), OPEN, ["never"]),
        (DONE, DONE, OPEN, ["early"]),
        (OPEN, DONE, DONE, ["early"]),
        (an_order("unpaid", fulfilled=1), DONE, OPEN, ["early"]),
        (OPEN, an_order("paid", fulfilled=2), OPEN, ["repeated"]),
        (DONE, OPEN, OPEN, ["early", "never"]),
    ],
)
def test_what_is_wrong_with_an_order(before, after, beside, expected):
    assert [wrong.id for wrong in judgment("payment-status-updated").assess(before, after, beside)] == expected
