from __future__ import annotations

import pytest

from stripe_audit import Severity
from stripe_audit.trials import Repeated
from tests.checks.payments.samples import an_order, judgment

DONE = an_order("paid", fulfilled=1)
ONCE = Repeated("once", "each event came once", DONE, mails=1)


@pytest.mark.parametrize(
    ("order", "mails", "refusals", "severity"),
    [
        (DONE, 1, 0, None),
        (DONE, None, 0, None),
        (an_order("paid", fulfilled=None), 1, 0, None),
        (an_order("paid", fulfilled=2), 1, 0, Severity.CRITICAL),
        (an_order("failed", fulfilled=2), 1, 0, Severity.CRITICAL),
        (an_order("failed", fulfilled=1), 1, 0, Severity.HIGH),
        (an_order("paid", fulfilled=0), 1, 0, Severity.HIGH),
        (None, 0, 0, Severity.HIGH),
        (DONE, 2, 0, Severity.MEDIUM),
        (DONE, 1, 1, Severity.LOW),
    ],
)
def test_what_duplicates_did(order, mails, refusals, severity):
    seen = Repeated("in-turn", "each event came three times", order, mails, refusals)
    wrong = judgment("webhook-duplicates-harmless").assess(ONCE, seen)
    assert (wrong and wrong[0]) == severity


def test_a_mail_that_was_late_the_first_time_is_none_too_many():
    late = Repeated("once", "each event came once", DONE, mails=0)
    seen = Repeated("in-turn", "each event came three times", DONE, mails=1)
    assert judgment("webhook-duplicates-harmless").assess(late, seen) is None
