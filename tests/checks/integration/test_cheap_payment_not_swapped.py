from __future__ import annotations

import pytest

from stripe_audit.trials import Swapped
from tests.checks.payments.samples import an_order, judgment

DEAR = 5997


@pytest.mark.parametrize(
    ("way", "order", "paid", "is_wrong"),
    [
        ("return-page", None, 435, False),
        ("return-page", an_order("unpaid", amount=DEAR, fulfilled=0), 435, False),
        ("return-page", an_order("failed", amount=DEAR, fulfilled=0), 435, False),
        ("return-page", an_order("paid", amount=DEAR, fulfilled=1), 435, True),
        ("return-page", an_order("paid", amount=435, fulfilled=1), 435, True),  # the amount was taken over as well
        ("metadata", an_order("unpaid", amount=DEAR, fulfilled=1), 435, True),
        ("retry", an_order("paid", amount=None, fulfilled=None), 435, True),
        ("changed-order", an_order("paid", amount=DEAR, fulfilled=1), 435, True),
        ("changed-order", an_order("paid", amount=435, fulfilled=1), 435, False),  # it was not changed
        ("changed-order", an_order("paid", amount=DEAR, fulfilled=1), DEAR, False),  # nor was it cheap any more
        ("changed-order", an_order("unpaid", amount=DEAR, fulfilled=0), 435, False),
        ("changed-order", an_order("paid", amount=None, fulfilled=1), 435, False),
    ],
)
def test_a_dear_order_is_not_paid_with_less(way, order, paid, is_wrong):
    found = judgment("cheap-payment-not-swapped").assess(Swapped(way, "a swap", paid, order, an_order("paid")))
    assert bool(found) is is_wrong
    assert not is_wrong or f"{paid} was paid" in found
