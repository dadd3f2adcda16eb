"""Two events of one paid invoice: what doubles, and where the code names both."""

from __future__ import annotations

from collections import Counter

import pytest

from stripe_audit.source import NamedType
from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.trials import Twice
from tests.checks.modules import module_of

MAIL = "mail: Your month is paid"


@pytest.mark.parametrize(
    ("before", "first", "second", "repeated"),
    [
        ({}, {MAIL: 1}, {MAIL: 2}, [MAIL]),
        ({}, {"fulfilled": 1}, {"fulfilled": 2, MAIL: 1}, ["fulfilled"]),
        ({}, {"fulfilled": 1}, {"fulfilled": 1, MAIL: 2}, [MAIL]),  # the first event's mail came after both
        ({}, {MAIL: 1}, {MAIL: 1}, []),
        ({}, {}, {MAIL: 1}, []),  # acts upon the second alone
        ({}, {MAIL: 1}, {MAIL: 1, "mail: Welcome": 1}, []),
        ({"fulfilled": 1}, {"fulfilled": 2}, {"fulfilled": 2}, []),  # a renewal
        ({"fulfilled": 1}, {"fulfilled": 2}, {"fulfilled": 3}, ["fulfilled"]),
        ({}, {MAIL: 2}, {MAIL: 2}, []),  # two by one event: not told twice, but sent to two
    ],
)
def test_what_the_second_event_brings_about_again(before, first, second, repeated) -> None:
    assert Twice(Counter(before), Counter(first), Counter(second)).repeated == repeated


@pytest.mark.parametrize(
    ("named", "places"),
    [
        (["invoice.paid", "invoice.payment_succeeded", "invoice.paid"], ["hooks.ts:1", "hooks.ts:2"]),
        (["invoice.payment_succeeded", "invoice.paid"], ["hooks.ts:2", "hooks.ts:1"]),
        (["invoice.paid", "invoice.paid"], []),
        (["charge.refunded"], []),
    ],
)
def test_where_the_code_names_both(named, places) -> None:
    found = [NamedType(name, "hooks.ts", line) for line, name in enumerate(named, 1)]
    assert module_of("paid-invoice-counted-once").both_named(found) == places


def test_an_invoice_of_a_customer_of_ours_shows_it_where_no_plan_is_sold() -> None:
    with demo_stage(defects=["invoice-counted-twice"], flags={"target": {"plans": []}}) as stage:
        result = run_checks(["paid-invoice-counted-once"], stage)["paid-invoice-counted-once"]
    assert [finding.title for finding in result.findings] == ["A paid invoice has its effect twice"]
    assert MAIL in result.findings[0].detail
