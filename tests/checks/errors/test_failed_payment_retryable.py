from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Orders
from stripe_audit.demo.variants import VARIANTS
from stripe_audit.observers.interface import Order, OrderState
from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.trials import Retried
from tests.checks.errors.modules import answered, module_of

CHECK = "failed-payment-retryable"
PAID, FAILED = Order("o1", OrderState.PAID, "paid"), Order("o1", OrderState.FAILED, "failed")


@pytest.mark.parametrize(
    ("retried", "severity", "title"),
    [
        (Retried("pay_retry", answered(200), True, 1, PAID), None, ""),
        (Retried("create_payment", answered(409), True, 1, PAID), None, ""),
        (Retried("pay_retry", answered(200), True, 2, PAID), "critical", "A second try can charge twice"),
        (Retried("pay_retry", answered(409), True, 1, PAID), "medium", "A second try is refused"),
        (Retried("pay_retry", answered(500), False, 0, FAILED), "high", "A second try is refused"),
        (Retried("create_payment", answered(409), False, 0, FAILED), "high", "A second try is refused"),
        (Retried("pay_retry", answered(200), False, 0, FAILED), "high", "What a second try offers cannot be paid"),
        (Retried("pay_retry", answered(200), True, 1, FAILED), "high", "A payment after a decline is not recorded"),
    ],
)
def test_a_second_try_is_judged(retried, severity, title):
    wrong = module_of(CHECK).assess(retried)
    assert (wrong and wrong[:2]) == ((severity, title) if severity else None)


class NewIntents(Orders):
    """As sound: a new PaymentIntent for each try, and the old one is cancelled first."""

    async def intent_for(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["status"] == "failed":
            await self.stripe._call(self.stripe._client.v1.payment_intents.cancel, order["intent"])
        return await super().intent_for(order)


class NewIntentsShop(Shop):
    orders_type = NewIntents


def test_a_new_intent_for_each_try_is_sound_where_the_old_one_is_cancelled(monkeypatch):
    monkeypatch.setitem(VARIANTS, "new-intents", NewIntentsShop)
    with demo_stage(variant="new-intents") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert (result.outcome, result.findings) == ("passed", ())


def test_without_a_route_for_it_the_payment_is_asked_for_again():
    with demo_stage(flags={"target": {"routes": {"pay_retry": None}}}) as stage:
        assert not run_checks([CHECK], stage)[CHECK].findings
    with demo_stage(defects=["retry-makes-new-intent"], flags={"target": {"routes": {"pay_retry": None}}}) as stage:
        assert [finding.route for finding in run_checks([CHECK], stage)[CHECK].findings] == [
            "create_payment /api/create-payment-intent"
        ]
