from __future__ import annotations

import pytest

from stripe_audit import Delivery, Severity
from stripe_audit.stripe_backend.interface import Attempt
from tests.checks.payments.samples import judgment


def a_delivery(*answers: int | None, type: str = "payment_intent.succeeded", path: str = "/hook") -> Delivery:
    attempts = tuple(Attempt(0.0, status, None if status else "timed out", 1.0) for status in answers)
    return Delivery("evt_1", type, "pi_1", "we_1", f"http://127.0.0.1:1{path}", "delivered", attempts)


CREATED = "payment_intent.created"


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([a_delivery(200)], []),
        ([a_delivery(204), a_delivery(202, type=CREATED)], []),
        ([a_delivery(200), a_delivery(500, 500, type=CREATED)], [(CREATED, Severity.HIGH)]),
        ([a_delivery(200), a_delivery(308, type=CREATED)], [(CREATED, Severity.HIGH)]),
        ([a_delivery(200), a_delivery(None, type=CREATED)], [(CREATED, Severity.HIGH)]),
        ([a_delivery(200), a_delivery(type=CREATED)], [(CREATED, Severity.HIGH)]),
        ([a_delivery(200), a_delivery(500, 200, type=CREATED)], [(CREATED, Severity.LOW)]),
        ([a_delivery(200), a_delivery(400, path="/other")], [("payment_intent.succeeded", Severity.HIGH)]),
        ([a_delivery(200, type=CREATED)], [("payment_intent.succeeded", Severity.HIGH)]),
        ([], [("payment_intent.succeeded", Severity.HIGH)]),
        ([a_delivery(200, type="charge.succeeded")], []),
    ],
)
def test_what_is_wrong_with_deliveries(deliveries, expected):
    wrong = judgment("events-triggered").assess(deliveries)
    assert [(one.type, one.severity) for one in wrong] == expected
    assert all(one.detail for one in wrong)
