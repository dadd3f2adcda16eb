from __future__ import annotations

import dataclasses

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, SOUND, facts

from stripe_audit.models import CheckResult, Finding, Outcome, Severity, Verdict
from stripe_audit.report import TaskState
from stripe_audit.reporters.compliance import coverage
from stripe_audit.reporters.review import gaps_of, review_of, shown_duration, shown_time


def test_findings_are_numbered_from_the_worst():
    review = review_of(GOLDEN)
    assert [(one.label, one.severity.value) for one in review.findings] == [
        ("F1", "critical"),
        ("F2", "high"),
        ("F3", "high"),
        ("F4", "medium"),
        ("F5", "low"),
        ("F6", "info"),
    ]
    assert [one.label for one in review.of_check("webhook-signature-verified")] == ["F1", "F6"]


def test_a_findings_own_fix_goes_before_its_checks():
    review = review_of(GOLDEN)
    first, last = review.of_check("webhook-signature-verified")
    assert first.fix == GOLDEN.checks["webhook-signature-verified"].fix
    assert last.fix == "Nothing needs to change."


def test_gaps_are_grouped_by_setting_the_largest_first():
    gaps = review_of(GOLDEN).gaps
    assert [(gap.setting, gap.checks) for gap in gaps] == [
        ("observers.mail", ("customer-notified", "failed-payment-alerted")),
        ("observers.order", ("payment-recorded",)),
        (None, ("webhook-replay-rejected",)),
    ]


def test_gaps_without_a_setting_are_grouped_by_reason():
    gaps = gaps_of([("a", None, "late"), ("b", None, None), ("c", None, "late"), ("d", "x", "one"), ("e", "x", "two")])
    assert [(gap.setting, gap.reasons, gap.checks) for gap in gaps] == [
        ("x", ("one", "two"), ("d", "e")),
        (None, ("late",), ("a", "c")),
        (None, ("no reason was given",), ("b",)),
    ]


def test_recommendations_come_by_severity_and_once_for_each_fix():
    extra = dataclasses.replace(GOLDEN.results[5].findings[0], discriminator="other", severity=Severity.HIGH)
    result = dataclasses.replace(GOLDEN.results[5], findings=(*GOLDEN.results[5].findings, extra))
    review = review_of(dataclasses.replace(GOLDEN, results=(GOLDEN.results[11], result)))
    assert [(one.severity.value, one.check, one.labels) for one in review.recommendations] == [
        ("critical", "webhook-signature-verified", ("F1", "F2")),
        ("medium", "security-headers-set", ("F3",)),
        ("info", "webhook-signature-verified", ("F4",)),
    ]


def test_next_steps_say_what_was_measured_the_most_pressing_first():
    assert review_of(GOLDEN).next_steps == (
        "Fix the critical finding: F1.",
        "Fix the high findings: F2, F3.",
        "Fix the medium finding: F4.",
        "To let customer-notified, failed-payment-alerted look: `observers.mail`.",
        "To let payment-recorded look: `observers.order`.",
        "To let webhook-events-handled tell: `observers.order`.",
        "Look into the errors of webhook-endpoint-reachable, webhook-signature-verified; "
        "what they did not judge is open.",
        "Clean up by hand what was left behind: 1 thing.",
        "Weigh the findings below medium: F5, F6.",
    )
    assert review_of(SOUND).next_steps == ()
    assert "Run again to the end: this run was interrupted." in review_of(INTERRUPTED).next_steps


def test_an_unreached_target_comes_first():
    report = dataclasses.replace(GOLDEN, target=dataclasses.replace(GOLDEN.target, reached=False))
    assert review_of(report).next_steps[0] == "Make the target reachable, then run again."


def only(severity):
    finding = Finding("t", "d", severity=severity, check="server-starts")
    first = dataclasses.replace(SOUND.results[0], outcome=Outcome.FAILED, findings=(finding,) * 2)
    return dataclasses.replace(SOUND, results=(first, *SOUND.results[1:]))


@pytest.mark.parametrize(
    ("report", "verdict", "reason"),
    [
        (GOLDEN, Verdict.NOT_SAFE, "1 critical and 2 high findings"),
        (only(Severity.HIGH), Verdict.NOT_SAFE, "2 high findings"),
        (only(Severity.MEDIUM), Verdict.WITH_GAPS, "no critical or high finding, but 2 medium findings"),
        (
            only(Severity.LOW),
            Verdict.SECURE,
            "all six phases were judged, nothing errored or stayed unclear, and nothing at or above medium was found",
        ),
        (
            INTERRUPTED,
            Verdict.NOT_PROVEN,
            "nothing at or above medium was found, but the run was interrupted; "
            "no check of phase 2, 3, 4, 5, 6 was judged; 1 check could not tell",
        ),
    ],
    ids=["golden", "high", "medium", "low", "interrupted"],
)
def test_the_verdict_is_given_with_its_reason(report, verdict, reason):
    review = review_of(report)
    assert (review.verdict, review.verdict_reason) == (verdict, reason)


def test_requests_are_counted_once():
    assert review_of(GOLDEN).requests == 8  # x1 to x8, of which x4 was sent once and is told by three checks


def test_all_24_tasks_have_a_state():
    review = review_of(GOLDEN)
    assert len(review.task_states) == 24
    assert {state: review.tasks_in(state) for state in TaskState} == {"done": 8, "problem": 4, "partly": 0, "open": 12}
    assert review_of(EMPTY).tasks_in(TaskState.OPEN) == 24


def test_coverage_tells_checked_from_failed_from_not_looked_at():
    found = {one.reference: (one.standard, one.state, one.checks) for one in coverage(GOLDEN)}
    assert found["PCI DSS 6.2.4"] == ("PCI DSS", "failed", ("webhook-signature-verified", "webhook-replay-rejected"))
    assert found["PCI DSS 10.2.1"] == ("PCI DSS", "not looked at", ("customer-notified",))
    assert found["ASVS 13.3.1"] == ("OWASP ASVS", "checked", ("env-keys-present",))
    assert found["docs.stripe.com/webhooks#verify-events"][0] == "Stripe"


def test_a_reference_of_which_a_part_was_not_looked_at_is_not_called_checked():
    checks = [facts(f"check-{n}", "1.1", "A check", references=("CWE-1", "Other thing")) for n in range(2)]
    outcomes = (Outcome.PASSED, Outcome.SKIPPED)
    results = tuple(CheckResult(one.id, "1.1", one.title, end) for one, end in zip(checks, outcomes, strict=True))
    report = dataclasses.replace(GOLDEN, checks={one.id: one for one in checks}, results=results)
    assert [(one.standard, one.state) for one in coverage(report)] == [
        ("CWE", "checked in part"),
        ("Other", "checked in part"),
    ]


def test_references_stand_in_the_order_of_their_numbers():
    references = [one.reference for one in coverage(GOLDEN) if one.standard == "PCI DSS"]
    assert references == ["PCI DSS 6.2.4", "PCI DSS 6.4.3", "PCI DSS 10.2.1"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.00 s"), (9.999, "10.00 s"), (59.94, "59.9 s"), (75.25, "1 min 15 s"), (float("nan"), "an unknown time")],
)
def test_durations(seconds, shown):
    assert shown_duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "1970-01-01 00:00:00 UTC"), (1e300, "an unknown time"), (float("nan"), "an unknown time")],
)
def test_times_are_in_utc(seconds, shown):
    assert shown_time(seconds) == shown
