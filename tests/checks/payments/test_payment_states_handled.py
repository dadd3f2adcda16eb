from __future__ import annotations

import pytest

from stripe_audit import OrderState, Severity
from tests.checks.payments.samples import an_order, judgment

ALL = tuple(OrderState)


@pytest.mark.parametrize(
    ("ending", "order", "declared", "severity"),
    [
        ("failed", an_order("failed"), ALL, None),
        ("failed", an_order("unpaid"), ALL, Severity.MEDIUM),
        ("failed", an_order("unpaid"), (), None),
        ("failed", an_order("paid"), (), Severity.CRITICAL),
        ("failed", an_order("failed", fulfilled=1), ALL, Severity.CRITICAL),
        ("failed", None, ALL, None),
        ("unpaid", an_order("unpaid"), ALL, None),
        ("unpaid", an_order("pending"), ALL, None),
        ("unpaid", an_order("paid"), ALL, Severity.CRITICAL),
        ("unpaid", an_order("pending", fulfilled=1), ALL, Severity.CRITICAL),
        ("paid", an_order("paid", fulfilled=1), ALL, None),
        ("paid", an_order("pending"), ALL, Severity.HIGH),
        ("canceled", an_order("canceled"), ALL, None),
        ("canceled", an_order("unpaid"), ALL, Severity.LOW),
        ("canceled", an_order("unpaid"), (), None),
        ("canceled", an_order("paid"), ALL, Severity.CRITICAL),
        ("refunded", an_order("refunded", fulfilled=1), ALL, None),
        ("refunded", an_order("paid", fulfilled=1), ALL, Severity.HIGH),
        ("refunded", an_order("paid", fulfilled=1), (), Severity.HIGH),
    ],
)
def test_the_order_after_a_journey(ending, order, declared, severity):
    module = judgment("payment-states-handled")
    wrong = module.assess(module.Seen("x", "something", OrderState(ending), order), declared)
    assert (wrong and wrong[0]) == severity
