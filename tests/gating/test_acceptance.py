"""Accepted findings: by a baseline or by the settings, for a reason, by an owner, until a day."""

from __future__ import annotations

import dataclasses

import pytest
from typer.testing import CliRunner

from stripe_audit.cli import baseline as command
from stripe_audit.errors import SettingsError, UsageError
from stripe_audit.gating.acceptance import accepted_entries, accepting, is_meant
from stripe_audit.models import Severity
from stripe_audit.report import exit_code, exit_reasons
from stripe_audit.reporters.interface import reporter_named
from stripe_audit.reporters.json_format import from_json, to_json
from stripe_audit.settings import load_settings
from stripe_audit.settings.accepted import AcceptedSettings
from stripe_audit.settings.baseline import read_baseline
from tests.reporters.golden import GOLDEN, STARTED

DAY = "2026-11-18"
"""The golden report is of 2026-11-18."""


def entry(**given):
    return AcceptedSettings(**{"check": "*", "owner": "ana", "reason": "known", **given})


@pytest.fixture
def report():
    return GOLDEN


def accept_all(report, **given):
    entries = [
        (entry(check=one.check, route=one.route, discriminator=one.discriminator, **given), "baseline.yaml:4")
        for one in report.findings
    ]
    return accepting(report, entries, {})


def test_what_is_accepted_does_not_fail_the_run(report):
    assert exit_code(report) == 1
    accepted = accept_all(report)
    assert all(accepted.acceptance(finding) for finding in report.findings)
    assert not [reason for code, reason in exit_reasons(accepted) if code == 1]


def test_one_that_is_new_fails_it(report):
    *known, new = report.findings
    entries = [(entry(check=one.check, route=one.route, discriminator=one.discriminator), "b:1") for one in known]
    rest = accepting(report, entries, {})
    assert rest.is_failing(new) == report.is_failing(new)
    assert not any(map(rest.is_failing, known))


def test_after_its_last_day_it_fails_again_and_says_so(report):
    assert exit_code(accept_all(report, until=DAY)) != 1
    over = accept_all(report, until="2026-11-17")
    assert exit_code(over) == 1
    assert any("accepted by ana until 2026-11-17, and not since" in reason for _, reason in exit_reasons(over))


def test_a_renamed_check_keeps_its_entries(report):
    finding = report.findings[0]
    old = entry(check="its-former-name", route=finding.route, discriminator=finding.discriminator)
    assert is_meant(old, finding, ["its-former-name"])
    assert not is_meant(old, finding)


def test_what_is_left_out_stands_for_any_and_what_is_given_must_fit(report):
    finding = next(one for one in report.findings if one.route)
    assert is_meant(entry(check=finding.check), finding)
    assert not is_meant(entry(check=finding.check, route="another"), finding)
    assert not is_meant(entry(check=finding.check, route=None), finding)
    assert not is_meant(entry(check=finding.check, discriminator="another"), finding)


def test_the_decision_is_kept_in_the_json_and_told_in_every_format(report):
    accepted = from_json(to_json(accept_all(report, until="2027-01-31")), "here")
    assert accepted.accepted == accept_all(report, until="2027-01-31").accepted
    for name in ("terminal", "markdown", "html", "junit"):
        text = reporter_named(name).render(accepted)
        assert "accepted by ana until 2027-01-31" in " ".join(text.split()), name
    assert '"suppressions"' in reporter_named("sarif").render(accepted)
    assert "<failure" not in reporter_named("junit").render(accepted)
    assert "::error" not in reporter_named("github").render(accepted)


def test_a_task_and_a_phase_may_have_thresholds_of_their_own(report):
    assert exit_code(report) == 1
    lenient = dict.fromkeys(
        ("environment", "webhooks", "payments", "security", "errors", "integration"), Severity.CRITICAL
    )
    policy = dataclasses.replace(report.policy, fail_on_in=lenient)
    failing = [one for one in report.findings if dataclasses.replace(report, policy=policy).is_failing(one)]
    assert {one.severity for one in failing} == {Severity.CRITICAL}
    task = report.checks[failing[0].check].task
    assert dataclasses.replace(policy, fail_on_in={**lenient, task: Severity.INFO}).threshold(task) is Severity.INFO


# The file and the command


def invoke(*words):
    return CliRunner().invoke(command.make({}), [str(word) for word in words])


@pytest.fixture
def saved(report, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(to_json(report), "utf-8")
    return path


def test_write_then_run_is_green_and_write_again_adds_nothing(saved, report, tmp_path):
    file = tmp_path / "baseline.yaml"
    done = invoke(
        "write", saved, "--file", file, "--owner", "ana: #1", "--reason", 'it\'s "known"', "--until", "2027-01-31"
    )
    assert done.exit_code == 0, done.output
    entries = read_baseline(file)
    assert accepting(report, entries, {}).accepted.keys() == {one.fingerprint for one in report.findings}
    assert {(one.owner, one.reason, one.until) for one, _ in entries} == {("ana: #1", 'it\'s "known"', "2027-01-31")}
    assert all(place.startswith(f"{file}:") for _, place in entries)
    before = file.read_text()
    again = invoke("write", saved, "--file", file, "--owner", "bo", "--reason", "else")
    assert "0 new" in again.output and file.read_text() == before
    assert "until 2027-01-31; ana: #1" in invoke("show", file).output


def test_prune_drops_what_is_fixed_and_keeps_what_was_not_looked_at(saved, report, tmp_path):
    file = tmp_path / "baseline.yaml"
    invoke("write", saved, "--file", file, "--owner", "ana", "--reason", "known")
    looked = next(one for one in report.results if one.findings and not one.error and not one.reason)
    results = [
        dataclasses.replace(one, findings=()) if one is looked else one for one in report.results if one is looked
    ]
    later = dataclasses.replace(report, results=tuple(results))
    saved.write_text(to_json(later), "utf-8")
    done = invoke("prune", saved, "--file", file)
    assert done.exit_code == 0, done.output
    assert looked.check not in {one.check for one, _ in read_baseline(file)}
    assert len(read_baseline(file)) == len(report.findings) - len(looked.findings)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--owner", "", "--reason", "x"), "--owner"),
        (("--owner", "x", "--reason", "x", "--until", "tomorrow"), "must be a day"),
    ],
)
def test_a_bad_entry_is_not_written(saved, tmp_path, words, told):
    done = invoke("write", saved, "--file", tmp_path / "b.yaml", *words)
    assert isinstance(done.exception, UsageError) and told in done.exception.message
    assert not (tmp_path / "b.yaml").exists()


def test_a_bad_baseline_names_its_line(tmp_path):
    path = tmp_path / "b.yaml"
    path.write_text("version: 1\nfindings:\n  - check: a\n    owner: me\n    raeson: x\n")
    with pytest.raises(SettingsError) as error:
        read_baseline(path)
    assert f"{path}:5" in error.value.message and "raeson" in error.value.message


def test_settings_name_a_baseline_and_accept_inline(tmp_path):
    (tmp_path / "b.yaml").write_text("version: 1\nfindings:\n  - {check: a, owner: me, reason: x}\n")
    path = tmp_path / "stripe-audit.yaml"
    path.write_text(
        "version: 1\naudit:\n  baseline: b.yaml\n  fail_on_in: {security: high, '4.4': low}\n"
        "  accepted:\n    - {check: c, owner: me, reason: y, until: 2027-01-31}\n"
    )
    entries = accepted_entries(load_settings(path, environ={}))
    assert [(one.check, place.rpartition("/")[2]) for one, place in entries] == [
        ("c", "stripe-audit.yaml:6"),
        ("a", "b.yaml:3"),
    ]
    path.write_text("version: 1\naudit: {fail_on_in: {'9.9': low}}\n")
    with pytest.raises(SettingsError, match="no phase or task"):
        load_settings(path, environ={})


def test_the_golden_report_is_of_the_day_that_is_meant():
    from datetime import UTC, datetime

    assert datetime.fromtimestamp(STARTED, UTC).date().isoformat() == DAY
