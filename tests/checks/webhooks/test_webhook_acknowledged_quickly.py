from __future__ import annotations

import math

import pytest

from stripe_audit import Severity
from stripe_audit.trials import Timed
from tests.checks.modules import module_of


@pytest.mark.parametrize(
    ("first", "warm", "severity"),
    [
        (30.0, (10.0, 12.0, 11.0), None),
        (4000.0, (10.0, 12.0, 11.0), None),  # a cold start
        (30.0, (10.0, 12.0, 5000.0), None),  # one of four: the machine's
        (2100.0, (2100.0, 2200.0, 2050.0), Severity.MEDIUM),
        (30.0, (2100.0, 2200.0, 2050.0), Severity.MEDIUM),
        (11_000.0, (10_500.0, 10_100.0, 12_000.0), Severity.HIGH),
    ],
)
def test_how_slow_is_too_slow(first, warm, severity):
    found = module_of("webhook-acknowledged-quickly").assess(Timed(first, warm, None))
    assert (found[0] if found else None) is severity


def test_no_acknowledgement_at_all_is_worse_than_a_slow_one():
    assess = module_of("webhook-acknowledged-quickly").assess
    assert assess(Timed(math.inf, (), None, "no whole answer within 32 s"))[0] is Severity.HIGH
