from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stripe_audit.demo.app import Shop
from stripe_audit.demo.variants import VARIANTS
from stripe_audit.demo.webhooks import Receipts
from stripe_audit.observers.interface import Order, OrderState
from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.trials import HandlingFailed
from tests.checks.errors.modules import module_of

CHECK = "webhook-failure-retried"


def paid(times: int | None = 1) -> Order:
    return Order("o1", OrderState.PAID, "paid", fulfilled=times)


OPEN = Order("o1", OrderState.UNPAID, "open", fulfilled=0)


@pytest.mark.parametrize(
    ("failed", "title"),
    [
        (HandlingFailed(1, False, True, (500,), paid()), None),
        (HandlingFailed(1, True, True, (200,), paid()), None),
        (HandlingFailed(1, True, True, (200,), paid(None)), None),
        (HandlingFailed(1, False, True, (500,), paid(2)), "A failed handling has its effect twice"),
        (HandlingFailed(1, True, True, (200,), OPEN), "A failed event is acknowledged and lost"),
        (HandlingFailed(1, True, True, (200,), paid(0)), "A failed event is acknowledged and lost"),
        (HandlingFailed(1, False, True, (500,), OPEN), "A failed event counts as handled when it comes again"),
        (HandlingFailed(1, True, True, (200,), paid(0), paid(1)), "A failed event is acknowledged and lost"),
        (HandlingFailed(1, False, True, (500,), paid(0), paid(0)), None),  # nothing is fulfilled, failure or none
        (HandlingFailed(1, False, True, (500,), paid(2), paid(2)), None),
        (HandlingFailed(1, False, True, (500,), paid(2), paid(1)), "A failed handling has its effect twice"),
        (HandlingFailed(1, False, False, (None,), OPEN), "A failed event is refused for good"),
    ],
)
def test_what_became_of_the_event_is_judged(failed, title):
    wrong = module_of(CHECK).assess(failed)
    assert (wrong[1] if wrong else None) == title


class Believing(Receipts):
    """Takes the event's own word, and asks Stripe nothing."""

    async def current(self, event: Mapping[str, Any], intent_id: str) -> dict[str, Any]:
        return dict(event["data"]["object"])


class BelievingShop(Shop):
    receipts_type = Believing


def test_a_target_that_asks_stripe_nothing_is_not_judged(monkeypatch):
    monkeypatch.setitem(VARIANTS, "believing", BelievingShop)
    with demo_stage(variant="believing") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert (result.outcome, result.findings) == ("inconclusive", ())
    assert "asks Stripe nothing" in (result.reason or "")
