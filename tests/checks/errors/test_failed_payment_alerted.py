from __future__ import annotations

import pytest

from stripe_audit.observers.interface import LogLine
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.errors.modules import module_of

NO_ADDRESS = {"observers": {"mail": {"alerts_to": None}}}


def line(level: str) -> LogLine:
    return LogLine("payment failed", {"level": level})


@pytest.mark.parametrize(
    ("lines", "is_wrong"),
    [([line("error")], False), ([line("info"), line("warning")], False), ([line("info")], True), ([], True)],
)
def test_the_log_alone_is_judged_by_its_levels(lines, is_wrong):
    assert (module_of("failed-payment-alerted").assess(lines) is not None) is is_wrong


def judged(*, defects=(), flags=None):
    with demo_stage(defects=defects, flags=flags) as stage:
        return run_checks(["failed-payment-alerted"], stage)["failed-payment-alerted"]


def test_without_an_address_the_log_is_looked_at_and_the_result_says_so():
    result = judged(flags=NO_ADDRESS)
    assert result.outcome == "passed"
    assert "no place for alerts is declared" in " ".join(result.notes)


def test_without_an_address_and_without_a_line_it_is_a_low_finding():
    result = judged(defects=["payments-unlogged"], flags=NO_ADDRESS)
    assert [(finding.severity, finding.title) for finding in result.findings] == [
        ("low", "A failed payment cannot raise an alert")
    ]


def test_an_address_that_gets_nothing_is_not_made_up_for_by_the_log():
    assert judged(flags={"observers": {"mail": {"alerts_to": "others@example.com"}}}).outcome == "failed"


def test_a_path_for_notifications_that_gets_nothing_is_told():
    result = judged(flags={"observers": {"mail": {"alerts_to": None}, "notifications": {"alerts_to": "/ops"}}})
    assert [finding.title for finding in result.findings] == ["Nobody is alerted to a failed payment"]
    assert "nothing sent to /ops names the order" in result.findings[0].detail
