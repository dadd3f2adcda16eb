from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.models import Outcome
from stripe_audit.testing import demo_stage, run_checks

CHECK = "server-clock-right"


def shop_that_is(ahead: float | None) -> type[Shop]:
    class Dated(Shop):
        def common_headers(self, request):
            date = "now" if ahead is None else formatdate(time.time() + ahead, usegmt=True)
            return {**super().common_headers(request), "Date": date}

    return Dated


class Cached(Shop):
    def common_headers(self, request):
        date = formatdate(time.time() - 900, usegmt=True)
        return {**super().common_headers(request), "Date": date, "Age": "900"}


def test_the_date_of_a_cached_answer_is_no_clock(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "cached", Cached)
    with demo_stage(variant="cached") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert (result.outcome, result.findings) == (Outcome.INCONCLUSIVE, ())
    assert "from a cache" in (result.reason or "")


@pytest.mark.parametrize(
    ("ahead", "outcome", "told"),
    [
        (2, Outcome.PASSED, None),
        (-60, Outcome.PASSED, "slow"),
        (400, Outcome.FAILED, "genuine events count as old"),
        (-400, Outcome.FAILED, "old events count as new"),
        (None, Outcome.INCONCLUSIVE, "no Date header"),
    ],
)
def test_clocks(monkeypatch, ahead, outcome, told):
    monkeypatch.setitem(serving.VARIANTS, "dated", shop_that_is(ahead))
    with demo_stage(variant="dated") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert result.outcome is outcome
    said = " ".join((*result.notes, result.reason or "", *(finding.detail for finding in result.findings)))
    assert told in said if told else not said.strip()
