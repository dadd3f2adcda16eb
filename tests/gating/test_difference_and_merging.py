"""Two reports compared, and shards put together."""

from __future__ import annotations

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from stripe_audit.cli import report as command
from stripe_audit.cli.findings import finding_told
from stripe_audit.cli.parts import checks_to_repeat, parsed_shard
from stripe_audit.errors import UsageError
from stripe_audit.gating.difference import compared_with, difference
from stripe_audit.gating.merging import merged
from stripe_audit.models import Outcome, Severity
from stripe_audit.reporters.interface import FORMATS, reporter_named
from stripe_audit.reporters.json_format import from_json, to_json
from tests.reporters.golden import GOLDEN


@pytest.fixture
def report():
    return GOLDEN


def without(report, check, **changes):
    """The report with the findings of a check gone."""
    results = [
        dataclasses.replace(one, findings=(), **changes) if one.check == check else one for one in report.results
    ]
    return dataclasses.replace(report, results=tuple(results))


def whole(report):
    """The id of a check that failed and judged everything."""
    return next(one.check for one in report.results if one.findings and not one.error and not one.reason)


def test_a_report_does_not_differ_from_itself(report):
    assert difference(report, from_json(to_json(report), "here")).is_empty


def test_fixed_is_what_was_looked_at_again(report):
    check = whole(report)
    fixed = difference(report, without(report, check, outcome=Outcome.PASSED))
    assert {one.check for one in fixed.fixed} == {check} and not fixed.unseen
    for changes in ({"outcome": Outcome.SKIPPED, "reason": "x"}, {"outcome": Outcome.PASSED, "error": "broke off"}):
        unseen = difference(report, without(report, check, **changes))
        assert {one.check for one in unseen.unseen} == {check} and not unseen.fixed
    gone = dataclasses.replace(report, results=tuple(one for one in report.results if one.check != check))
    assert check in difference(report, gone).no_longer_judged


def test_new_and_changed(report):
    check = whole(report)
    assert {one.check for one in difference(without(report, check), report).new} == {check}
    results = [
        dataclasses.replace(one, findings=tuple(dataclasses.replace(f, severity=Severity.INFO) for f in one.findings))
        if one.check == check
        else one
        for one in report.results
    ]
    changed = difference(report, dataclasses.replace(report, results=tuple(results))).changed
    assert {one.after.check for one in changed} == {check}


def test_the_command_tells_and_fails_on_what_is_new(report, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(to_json(without(report, whole(report), outcome=Outcome.PASSED)))
    new.write_text(to_json(report))

    def invoke(*words):
        return CliRunner().invoke(command.make({}), ["diff", *map(str, words)])

    assert "+ new" in invoke(old, new).output and invoke(old, new).exit_code == 0
    assert invoke(old, new, "--fail-on-new").exit_code == 1
    assert invoke(new, old, "--fail-on-new").exit_code == 0
    assert json.loads(invoke(new, old, "--json").output)["fixed"]
    assert invoke(new, new).output == "nothing differs\n"


# Shards


def shards(report, count):
    """The report as so many runs would have made it."""
    parts = []
    for number in range(count):
        results = report.results[number::count]
        checks = {one.check: report.checks[one.check] for one in results if one.check in report.checks}
        parts.append(dataclasses.replace(report, results=results, checks=checks))
    return parts


@pytest.mark.parametrize("count", [2, 3, 5])
def test_shards_together_are_the_whole(report, count):
    together = merged(shards(report, count))
    assert {one.check: one.outcome for one in together.results} == {one.check: one.outcome for one in report.results}
    assert {one.fingerprint for one in together.findings} == {one.fingerprint for one in report.findings}
    assert len({one.id for one in together.exchanges}) == len(together.exchanges)
    for finding in together.findings:
        for evidence in finding.evidence:
            before = next(one for one in report.findings if one.fingerprint == finding.fingerprint).evidence
            if evidence.exchange:
                same = next(one for one in before if one.summary == evidence.summary)
                assert together.exchange(evidence.exchange).url == report.exchange(same.exchange).url
    for name in FORMATS:
        if name != "pdf":
            assert reporter_named(name).render(together)


def test_a_finding_is_never_lost_to_a_pass(report):
    check = whole(report)
    for pair in (
        [report, without(report, check, outcome=Outcome.PASSED)],
        [without(report, check, outcome=Outcome.PASSED), report],
    ):
        assert any(one.check == check for one in merged(pair).findings)


def test_two_targets_are_not_merged(report):
    other = dataclasses.replace(report, target=dataclasses.replace(report.target, name="another"))
    with pytest.raises(UsageError, match="two targets"):
        merged([report, other])


def test_parts_are_read_from_flags(report, tmp_path):
    assert parsed_shard("2/3") == (2, 3) and parsed_shard(None) is None
    for text in ("0/3", "4/3", "1", "a/b", "1/0"):
        with pytest.raises(UsageError):
            parsed_shard(text)
    path = tmp_path / "r.json"
    path.write_text(to_json(report))
    again = checks_to_repeat(path)
    assert set(again) >= {one.check for one in report.results if one.outcome is Outcome.FAILED}
    assert not set(again) & {one.check for one in report.results if one.outcome is Outcome.PASSED}


# Since an earlier report


def test_what_was_resolved_is_told_in_the_review(report):
    after = compared_with(without(report, whole(report), outcome=Outcome.PASSED), report)
    assert after.since.resolved and not after.since.new
    again = from_json(to_json(after), "here")
    assert again.since == after.since
    text = reporter_named("markdown").render(again)
    assert "## Resolved since 2026-11-18" in text and "🔧" in text
    assert "Since 2026-11-18" in reporter_named("terminal").render(again)
    back = compared_with(report, without(report, whole(report), outcome=Outcome.PASSED))
    assert back.since.new and "New since then" in reporter_named("markdown").render(back)


def test_a_finding_is_told_by_its_fingerprint(report, tmp_path):
    finding = report.findings[0]
    for name, text in (
        ("2026-1", to_json(report)),
        ("2026-2", "{"),
        ("2026-3", to_json(without(report, finding.check))),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(text)
    check, told = finding_told(finding.fingerprint, tmp_path)
    assert check == finding.check and finding.title in told and "2026-1" in told
    with pytest.raises(UsageError):
        finding_told("0" * 24, tmp_path)
