"""Coverage of standards: every requirement in its state, and nothing called unseen that a check can see."""

from __future__ import annotations

import dataclasses

import pytest
from tests.reporters.golden import GOLDEN

from stripe_audit.catalog import load_catalog
from stripe_audit.models import Outcome
from stripe_audit.reporters.html_standards import STATES, standards, standards_coverage

CATALOG = load_catalog()
NAMED = {reference for check in CATALOG for reference in CATALOG.facts(check).references}


def states(report):
    return {(one.standard.name, row.requirement.id): row for one in standards_coverage(report) for row in one.covered}


def outcomes(**by_check):
    """The golden report with certain outcomes."""
    results = tuple(
        dataclasses.replace(one, outcome=by_check[one.check], findings=(), error=None, reason="why", setting=None)
        if one.check in by_check
        else one
        for one in GOLDEN.results
    )
    return dataclasses.replace(GOLDEN, results=results)


def test_what_a_shipped_check_speaks_to_is_not_called_unseen():
    """If this fails: a check names a requirement that no check could see before; take `unseen` from standards.toml."""
    for standard in standards():
        for one in standard.requirements:
            is_spoken_to = bool(one.checks) or one.reference in NAMED
            assert one.is_unseen is not is_spoken_to, one
            assert one.limit or not one.is_unseen, one


def test_the_checks_that_the_data_name_exist():
    assert {check for one in standards() for row in one.requirements for check in row.checks} <= set(CATALOG)


def test_every_requirement_that_a_shipped_check_names_is_described():
    for standard in standards()[1:]:
        known = {row.reference for row in standard.requirements}
        assert {one for one in NAMED if one.startswith(standard.prefix)} <= known


def test_requirements_are_named_once_and_in_their_words():
    for standard in standards():
        identities = [row.id for row in standard.requirements]
        assert len(identities) == len(set(identities)) > 10
        assert all(row.title[0].isupper() and not row.title.endswith(".") for row in standard.requirements)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.PASSED, "checked in part"),  # 6.2.4 has a limit of its own
        (Outcome.FAILED, "failed"),
        (Outcome.SKIPPED, "not looked at"),
        (Outcome.INCONCLUSIVE, "not looked at"),
        (Outcome.ERRORED, "not looked at"),
    ],
)
def test_the_state_follows_from_the_outcomes(outcome, state):
    report = outcomes(**{"webhook-signature-verified": outcome, "webhook-replay-rejected": outcome})
    row = states(report)["PCI DSS 4.0.1", "6.2.4"]
    assert row.state == state
    assert row.checks == ("webhook-signature-verified", "webhook-replay-rejected")


def test_a_requirement_without_a_limit_is_checked_when_all_of_its_checks_passed():
    assert states(outcomes(**{"security-headers-set": Outcome.PASSED}))["OWASP ASVS 5.0", "3.4.1"].state == "checked"


def test_what_is_open_says_which_setting_would_tell():
    report = outcomes(**{"security-headers-set": Outcome.SKIPPED})
    results = tuple(
        dataclasses.replace(one, setting="target.routes.page") if one.check == "security-headers-set" else one
        for one in report.results
    )
    row = states(dataclasses.replace(report, results=results))["OWASP ASVS 5.0", "3.4.1"]
    assert (row.state, row.why) == ("not looked at", "security-headers-set: target.routes.page")


def test_what_was_not_selected_is_not_called_uncheckable():
    report = dataclasses.replace(GOLDEN, results=GOLDEN.results[:1])
    row = states(report)["PCI DSS 4.0.1", "6.2.4"]
    assert (row.state, row.checks) == ("not looked at", ())
    assert states(report)["PCI DSS 4.0.1", "9.1.1"].state == "not checkable"


def test_what_was_selected_in_part_is_checked_in_part():
    row = states(GOLDEN)["Stripe’s go-live checklist", "3"]
    assert (row.state, row.checks) == ("checked in part", ("decline-reported-safely",))
    assert "stripe-outage-handled: not part of this run" in row.why


def test_what_a_projects_own_check_names_is_not_dropped():
    facts = dataclasses.replace(GOLDEN.checks["server-starts"], references=("PCI DSS 99.1",))
    report = dataclasses.replace(GOLDEN, checks={**GOLDEN.checks, "server-starts": facts})
    assert states(report)["PCI DSS 4.0.1", "99.1"].state == "checked"


def test_the_counts_are_those_of_the_rows():
    for one in standards_coverage(GOLDEN):
        assert sum(one.counts.values()) == len(one.covered)
        assert list(one.counts) == [state for state in STATES if state in one.counts]
