"""The bounds of a run."""

from __future__ import annotations

import threading

import pytest

from stripe_audit.deployment.budget import Budget
from stripe_audit.errors import BudgetError


def test_exactly_as_many_requests_as_allowed_pass() -> None:
    budget = Budget(requests=3)
    for _ in range(3):
        budget.spend()
    for _ in range(2):
        with pytest.raises(BudgetError, match="3 requests") as caught:
            budget.spend()
        assert caught.value.hint == "audit.budget.requests"
        assert caught.value.exit_code == 3
    assert budget.spent == 3


def test_when_the_time_is_over_nothing_passes() -> None:
    budget = Budget(seconds=-0.001)
    with pytest.raises(BudgetError, match="seconds is spent") as caught:
        budget.spend()
    assert caught.value.hint == "audit.budget.seconds"
    assert budget.spent == 0


def test_threads_together_get_no_more_than_one_alone() -> None:
    budget, refused = Budget(requests=100), []

    def work() -> None:
        for _ in range(50):
            try:
                budget.spend()
            except BudgetError:
                refused.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (budget.spent, len(refused)) == (100, 100)
