from __future__ import annotations

import pytest

from stripe_audit import OrderState
from tests.checks.payments.samples import an_intent, an_order, judgment

ALL = tuple(OrderState)
PAID = an_intent()
DECLINED = an_intent(status="requires_payment_method", amount_received=0, latest_charge={"amount_refunded": 0})
CANCELED = an_intent(status="canceled", amount_received=0, latest_charge=None)
HALF = an_intent(latest_charge={"amount_refunded": 1000})
WHOLE = an_intent(latest_charge={"amount_refunded": 1999})
MORE, LESS = "The record shows money that Stripe does not have", "Stripe has money that the record does not show"
OTHER = "The record of a payment differs from Stripe's"


@pytest.mark.parametrize(
    ("order", "intent", "declared", "titles"),
    [
        (an_order("paid"), PAID, ALL, []),
        (an_order("disputed"), PAID, ALL, []),
        (an_order("failed"), DECLINED, ALL, []),
        (an_order("unpaid"), DECLINED, ALL, []),
        (an_order("canceled"), CANCELED, ALL, []),
        (an_order("refunded"), WHOLE, ALL, []),
        (an_order("canceled"), WHOLE, ALL, []),
        (an_order("partially_refunded"), HALF, ALL, []),
        (an_order("partially_refunded", amount=999), HALF, ALL, []),
        (an_order("paid"), HALF, (), []),
        (None, DECLINED, ALL, []),
        (an_order("unpaid"), PAID, ALL, [LESS]),
        (None, PAID, ALL, [LESS]),
        (an_order("refunded"), HALF, ALL, [LESS]),
        (an_order("refunded"), HALF, (), [LESS]),
        (an_order("paid"), HALF, ALL, [MORE]),
        (an_order("paid"), WHOLE, (), [MORE]),
        (an_order("paid"), DECLINED, ALL, [MORE]),
        (an_order("partially_refunded"), PAID, ALL, [LESS]),
        (an_order("paid", amount=1998), PAID, ALL, [OTHER]),
        (an_order("paid", currency="eur", payment_intent="pi_9"), PAID, ALL, [OTHER, OTHER]),
        (an_order("paid", amount=None, currency=None, payment_intent=None), PAID, ALL, []),
    ],
)
def test_where_the_books_differ(order, intent, declared, titles):
    module = judgment("ledger-reconciles")
    wrong = module.assess(module.Entry("x", "a journey", order, intent), declared)
    assert [title for _, title, _ in wrong] == titles
