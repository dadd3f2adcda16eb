from __future__ import annotations

import pytest

from tests.checks.payments.samples import an_intent, an_order, judgment


@pytest.mark.parametrize(
    ("order", "field", "told"),
    [
        (an_order(), "state", None),
        (an_order("pending"), "state", "recorded is 'pending', Stripe has succeeded"),
        (an_order(), "amount", None),
        (an_order(amount=1998), "amount", "recorded is 1998, Stripe has 1999"),
        (an_order(amount=0), "amount", "recorded is 0, Stripe has 1999"),
        (an_order(amount=None), "amount", None),
        (an_order(currency="eur"), "currency", "recorded is eur, Stripe has usd"),
        (an_order(payment_intent="pi_2"), "payment_intent", "recorded is pi_2, Stripe has pi_1"),
        (an_order(payment_intent=None), "payment_intent", None),
    ],
)
def test_how_a_record_differs(order, field, told):
    module = judgment("payment-recorded")
    assert module.differs(module.Record(order, an_intent()), field) == told
