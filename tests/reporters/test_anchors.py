from __future__ import annotations

import dataclasses

import pytest
from tests.reporters.golden import GOLDEN

from stripe_audit.models import Evidence, Finding, SourceLocation
from stripe_audit.reporters.anchors import anchors_of, finding_keys


def shown_at(report=GOLDEN, **members):
    return [str(anchor) for anchor in anchors_of(report, Finding("t", "d", check="c", **members))]


def source(file, line=1):
    return SourceLocation(file, line)


@pytest.mark.parametrize(
    ("members", "places"),
    [
        ({"source": source("src/hooks.ts", 41)}, ["services/shop/src/hooks.ts:41"]),
        ({"source": source("src/hooks.ts", 0)}, ["services/shop/src/hooks.ts:1"]),
        ({"source": source("src\\hooks.ts", 2)}, ["services/shop/src/hooks.ts:2"]),
        ({"source": source("../pay/hooks.ts", 2)}, ["services/pay/hooks.ts:2"]),
        ({"evidence": (Evidence("x", source=source("a.py", 3)),)}, ["services/shop/a.py:3"]),
        ({"route": "webhook /api/webhooks/stripe"}, ["services/shop/stripe-audit.yaml:24"]),
        ({"route": "webhook /another"}, ["services/shop/stripe-audit.yaml:24"]),
        ({"route": "page /"}, ["services/shop/stripe-audit.yaml:3"]),
        ({}, ["services/shop/stripe-audit.yaml:3"]),
        ({"route": "create_payment /api/create-payment-intent"}, ["services/shop/src/payments.ts:12"]),
        (
            {"route": "create_payment /api/create-payment-intent", "source": source("a.ts", 9)},
            ["services/shop/a.ts:9"],
        ),
        ({"source": source(".env", 7)}, ["services/shop/stripe-audit.yaml:9", "services/shop/.env:7"]),
        (
            {"source": source(".env.production")},
            ["services/shop/stripe-audit.yaml:9", "services/shop/.env.production:1"],
        ),
        ({"source": source(".env.example", 7)}, ["services/shop/.env.example:7"]),
    ],
)
def test_a_finding_is_shown_at_the_most_telling_line(members, places):
    assert shown_at(**members) == places


@pytest.mark.parametrize(
    "file",
    [
        "https://evil.example/x",
        "file:///etc/passwd",
        "C:\\shop\\x.ts",
        "/etc/passwd",
        "~/x",
        "../../../x",
        "..",
        "",
        " ",
        ".",
        "../..",
        "a\nb",
        "a\tb",
        "a\0b",
        "a\u202eb",
        "lone\ud800",
        "x" * 301,
    ],
)
def test_what_is_no_path_in_the_repository_is_not_shown(file):
    assert shown_at(source=source(file)) == ["services/shop/stripe-audit.yaml:3"]
    hostile = dataclasses.replace(GOLDEN, places={"": source(file)})
    assert shown_at(hostile) == ["stripe-audit.yaml:1"]
    leaving = dataclasses.replace(GOLDEN, project=f"{file}/../../../..", places={"": source("x")})
    assert shown_at(leaving) == ["stripe-audit.yaml:1"]


def test_a_run_without_a_file_of_settings_is_shown_where_they_would_be():
    assert shown_at(dataclasses.replace(GOLDEN, places={}, project="")) == ["stripe-audit.yaml:1"]


def test_two_findings_with_one_fingerprint_have_two_keys():
    twice = dataclasses.replace(GOLDEN, results=GOLDEN.results[5:6] * 2)
    keys = [key for _, key in finding_keys(twice)]
    assert len(set(keys)) == len(keys) == 4
