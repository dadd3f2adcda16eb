from __future__ import annotations

import pytest

from stripe_audit.observers.interface import Order, OrderState
from stripe_audit.trials import HandlingFailed
from tests.checks.errors.modules import module_of

PAID = Order("o1", OrderState.PAID, "paid", fulfilled=1)
OPEN = Order("o1", OrderState.UNPAID, "open", fulfilled=0)


@pytest.mark.parametrize(
    ("failed", "found"),
    [
        (HandlingFailed(1, False, True, (500,), PAID), None),
        (HandlingFailed(1, True, True, (200,), PAID), None),  # from a queue that is kept elsewhere
        (HandlingFailed(1, True, True, (200,), OPEN), ("critical", "acknowledged and lost")),
        (HandlingFailed(1, False, True, (500,), OPEN), ("critical", "counts as handled")),
        (HandlingFailed(1, False, False, (None,), OPEN), ("high", "does not recover")),
        (
            HandlingFailed(1, False, True, (500,), Order("o1", OrderState.PAID, "paid", fulfilled=2)),
            ("critical", "its effect twice"),
        ),
    ],
)
def test_what_became_of_the_event_is_judged(failed, found):
    wrong = module_of("webhook-outlives-database").assess(failed)
    if found is None:
        assert wrong is None
    else:
        assert str(wrong[0]) == found[0] and found[1] in wrong[1]
