from __future__ import annotations

import pytest

from stripe_audit import OrderState
from stripe_audit.trials import Booked
from tests.checks.payments.samples import an_intent, an_order, judgment

ALL = tuple(OrderState)
_CHARGE = {"amount": 1999, "captured": True}
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
    wrong = judgment("ledger-reconciles").assess(Booked("x", "a journey", order, intent), declared)
    assert [title for _, title, _ in wrong] == titles


CAPTURED = an_intent(amount_received=999, latest_charge={**_CHARGE, "amount_captured": 999, "amount_refunded": 1000})
CAPTURED_AND_BACK = an_intent(
    amount_received=999, latest_charge={**_CHARGE, "amount_captured": 999, "amount_refunded": 1999}
)


@pytest.mark.parametrize(
    ("order", "intent", "titles"),
    [
        (an_order("paid", amount=999), CAPTURED, []),
        (an_order("paid", amount=1999), CAPTURED, [OTHER]),
        (an_order("partially_refunded", amount=999), CAPTURED, [LESS]),
        (an_order("refunded", amount=999), CAPTURED_AND_BACK, []),
        (an_order("paid", amount=999), CAPTURED_AND_BACK, [MORE]),
    ],
)
def test_what_was_never_captured_is_not_missed(order, intent, titles):
    wrong = judgment("ledger-reconciles").assess(Booked("x", "a journey", order, intent), ALL)
    assert [title for _, title, _ in wrong] == titles


@pytest.mark.parametrize(
    ("state", "declared", "titles"),
    [
        ("disputed", ALL, []),
        ("refunded", ALL, []),
        ("canceled", ALL, []),
        ("paid", ALL, [MORE]),
        ("partially_refunded", ALL, [MORE]),
        ("paid", [OrderState.PAID, OrderState.REFUNDED], [MORE]),
        ("paid", [OrderState.PAID, OrderState.FAILED], []),
    ],
)
def test_the_money_of_a_lost_dispute_is_gone(state, declared, titles):
    entry = Booked("dispute-lost", "a dispute that was lost", an_order(state), PAID, is_charged_back=True)
    assert [title for _, title, _ in judgment("ledger-reconciles").assess(entry, declared)] == titles
