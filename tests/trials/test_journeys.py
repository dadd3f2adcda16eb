from __future__ import annotations

import pytest

from stripe_audit.observers.interface import OrderState
from stripe_audit.trials import JOURNEYS, expected_states

ALL = tuple(OrderState)


@pytest.mark.parametrize(
    ("ending", "declared", "expected"),
    [
        ("paid", ALL, {"paid"}),
        ("paid", (), {"paid"}),
        ("failed", ALL, {"failed", "canceled"}),
        ("failed", (), {"failed", "canceled", "unpaid", "pending"}),
        ("unpaid", ALL, {"unpaid", "pending", "failed"}),
        ("canceled", ALL, {"canceled", "failed"}),
        ("canceled", (), {"canceled", "failed", "unpaid", "pending"}),
        ("refunded", ALL, {"refunded", "canceled"}),
        ("refunded", (), {"refunded", "canceled"}),
        ("partially_refunded", ALL, {"partially_refunded"}),
        ("partially_refunded", (), {"partially_refunded", "paid"}),
        ("disputed", ALL, {"disputed"}),
        ("disputed", (), {"disputed", "paid", "refunded", "canceled"}),
    ],
)
def test_what_may_be_asked_of_an_order(ending, declared, expected):
    assert expected_states(OrderState(ending), declared) == expected


def test_nothing_but_a_success_may_end_paid():
    endings = {OrderState(journey.ending) for journey in JOURNEYS.values() if journey.intent != "succeeded"}
    assert not any(OrderState.PAID in expected_states(ending, ()) for ending in endings)
