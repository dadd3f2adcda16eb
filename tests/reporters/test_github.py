"""What GitHub's runner makes of our annotations, and whether summaries and comments are within its bounds."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from urllib.parse import unquote

import pytest
from tests.reporters.golden import EMPTY, GOLDEN, SOUND
from tests.reporters.hostile import INERT, RAW
from tests.reporters.test_speed import LARGE

from stripe_audit.models import Severity
from stripe_audit.reporters.github_markdown import COMMENT_MARK
from stripe_audit.reporters.interface import reporter_named

REPORTS = {"golden": GOLDEN, "empty": EMPTY, "sound": SOUND, "raw": RAW, "inert": INERT, "large": LARGE}
COMMAND = re.compile(r"::([a-z-]+)(?: ([^:]*))?::(.*)")


def annotations(report):
    """What the runner would read: level, properties, message (its own reading, from its documentation)."""
    for line in reporter_named("github").render(report).splitlines():
        if match := COMMAND.fullmatch(line):
            pairs = (pair.partition("=") for pair in (match[2] or "").split(","))
            yield match[1], {name: unquote(value) for name, _, value in pairs}, unquote(match[3])


def of_severities(*severities):
    """A report with one finding of each of these severities, apart from one another."""
    template = GOLDEN.results[5]
    findings = tuple(
        dataclasses.replace(template.findings[0], severity=severity, discriminator=str(n), title=f"finding {n}")
        for n, severity in enumerate(severities)
    )
    return dataclasses.replace(GOLDEN, results=(dataclasses.replace(template, findings=findings, error=None),))


def test_a_finding_is_an_annotation_at_its_line():
    level, properties, message = next(annotations(GOLDEN))
    assert level == "error"
    assert properties == {
        "file": "services/shop/src/webhooks.ts",
        "line": "41",
        "title": "critical: A forged event changed an order",
    }
    assert message.splitlines()[1] == "evidence: no signature: answered 200, and the order changed"
    assert message.endswith("stripe-audit checks explain webhook-signature-verified")


def test_what_fails_the_job_is_an_error_and_the_rest_is_not():
    levels = [level for level, properties, _ in annotations(GOLDEN) if "file" in properties]
    assert levels == ["error"] * 4 + ["warning", "notice"]
    lenient = dataclasses.replace(GOLDEN, policy=dataclasses.replace(GOLDEN.policy, fail_on=Severity.CRITICAL))
    levels = [level for level, properties, _ in annotations(lenient) if "file" in properties]
    assert levels == ["error"] + ["warning"] * 4 + ["notice"]


def test_checks_that_could_not_tell_are_warnings():
    titles = {properties["title"]: message for level, properties, message in annotations(GOLDEN) if level == "warning"}
    assert titles["webhook-events-handled inconclusive"].endswith("needs: observers.order")
    assert "connection refused" in titles["webhook-endpoint-reachable errored"]


def test_ten_of_a_level_are_shown_whole():
    found = list(annotations(of_severities(*[Severity.HIGH] * 10)))
    assert [properties["title"] for _, properties, _ in found] == [f"high: finding {n}" for n in range(10)]


def test_of_more_than_ten_the_last_says_how_many_more():
    report = of_severities(*[Severity.HIGH] * 40, *[Severity.INFO] * 12)
    found = list(annotations(report))
    assert Counter(level for level, _, _ in found) == {"error": 10, "notice": 10}
    last = [one for one in found if one[0] == "error"][-1]
    assert last[1] == {"title": "31 more of this kind, listed in the step's log"}
    assert last[2].splitlines()[0] == "high: finding 9" and last[2].splitlines()[-1] == "and 11 more"
    log = [line for line in reporter_named("github").render(report).splitlines() if not line.startswith("::")]
    assert sum("finding" in line and line.startswith("F") for line in log) == 52


@pytest.mark.parametrize("name", REPORTS)
def test_no_more_are_printed_than_github_shows_and_none_is_hostile(name):
    text = reporter_named("github").render(REPORTS[name])
    found = list(annotations(REPORTS[name]))
    assert len(found) == sum(line.startswith("::") for line in text.splitlines())
    assert max(Counter(level for level, _, _ in found).values(), default=0) <= 10
    assert {level for level, _, _ in found} <= {"error", "warning", "notice"}
    for _, properties, message in found:
        assert set(properties) in ({"title"}, {"title", "file", "line"})
        assert properties["title"] and message
        assert len(message) < 4096
    assert f"judged {REPORTS[name].judged} of {len(REPORTS[name].results)}" in text


def test_what_would_end_a_property_or_a_line_is_escaped():
    finding = dataclasses.replace(GOLDEN.findings[0], title="a,file=x::b%0A::error::c", detail="100%\n::warning::d")
    report = dataclasses.replace(GOLDEN, results=(dataclasses.replace(GOLDEN.results[5], findings=(finding,)),))
    ((level, properties, message), *_) = annotations(report)
    assert level == "error"
    assert properties["file"] == "services/shop/src/webhooks.ts"
    assert properties["title"] == "critical: a,file=x::b%0A: :error::c"
    assert message.splitlines()[0].startswith("100% : :warning::d")


BOUNDS = {"github-summary": 1024 * 1024, "github-comment": 65_536}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("format_name", BOUNDS)
def test_a_summary_and_a_comment_are_within_githubs_bounds(format_name, name):
    report = REPORTS[name]
    text = reporter_named(format_name).render(report)
    assert len(text.encode()) <= BOUNDS[format_name]
    assert f"**judged {report.judged} of {len(report.results)}**" in text
    assert text.startswith(COMMENT_MARK) is (format_name == "github-comment")
    assert "Exit code" in text


def test_what_does_not_fit_is_counted_and_the_worst_is_kept():
    text = reporter_named("github-comment").render(LARGE)
    rows = re.findall(r"^\| F\d+ ", text, re.MULTILINE)
    details = re.findall(r"^### F\d+ ", text, re.MULTILINE)
    assert 0 < len(details) < len(rows) <= 500
    assert f"Left out here for want of space: the details of {500 - len(details)} findings" in text
    if len(rows) < 500:
        assert f"{500 - len(rows)} more are left out of this table" in text
    assert text.index("| F1 ") < text.index("### F1 ")
    whole = reporter_named("github-summary").render(LARGE)
    assert len(re.findall(r"^### F\d+ ", whole, re.MULTILINE)) == 500
    assert "Left out" not in whole


def test_nothing_is_said_to_be_left_out_where_nothing_is():
    text = reporter_named("github-comment").render(GOLDEN)
    assert "left out" not in text.lower()
    assert len(re.findall(r"^### F\d+ ", text, re.MULTILINE)) == len(GOLDEN.findings)
    assert "observers.order is not declared" in text
