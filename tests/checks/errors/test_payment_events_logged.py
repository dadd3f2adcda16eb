from __future__ import annotations

import pytest

from stripe_audit.observers.interface import LogLine
from tests.checks.errors.modules import module_of


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        (["paid order sa1-x-1"], None),
        (["event evt_1", "handled pi_1"], None),
        (["event evt_1 handled"], "low"),
        ([], "medium"),
    ],
)
@pytest.mark.parametrize("event_type", ["payment_intent.succeeded", "payment_intent.payment_failed"])
def test_the_lines_about_an_event_are_judged(event_type, lines, severity):
    wrong = module_of("payment-events-logged").assess(event_type, {"sa1-x-1", "pi_1"}, list(map(LogLine, lines)))
    assert (wrong[0] if wrong else None) == severity
