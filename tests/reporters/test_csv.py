"""CSV as Python's own reader has it; no cell is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest
from tests.reporters.golden import EMPTY, GOLDEN
from tests.reporters.hostile import INERT, RAW

from stripe_audit.reporters.csv_format import COLUMNS
from stripe_audit.reporters.interface import reporter_named


def rows(report):
    return list(csv.DictReader(io.StringIO(reporter_named("csv").render(report), newline=""), strict=True))


def test_there_is_a_row_for_each_finding_and_for_each_check_without_any():
    found = rows(GOLDEN)
    assert len(found) == sum(max(1, len(result.findings)) for result in GOLDEN.results)
    signed = next(row for row in found if row["check"] == "webhook-signature-verified")
    assert signed == {
        "phase": "Webhook configuration",
        "task": "2.2",
        "check": "webhook-signature-verified",
        "title": "Forged webhook events are rejected",
        "outcome": "failed",
        "finding": "F1",
        "severity": "critical",
        "what": "A forged event changed an order",
        "detail": "/api/webhooks/stripe took events that Stripe did not sign: unsigned, other-secret.",
        "route": "webhook /api/webhooks/stripe",
        "file": "services/shop/src/webhooks.ts",
        "line": "41",
        "evidence": "no signature: answered 200, and the order changed; another secret: answered 200",
        "fix": "Verify the ``Stripe-Signature`` header over the raw body, and answer 400 when it fails.",
        "reason": "",
        "setting": "",
        "error": "TimeoutError: not finished after 20 s",
        "fingerprint": GOLDEN.findings[0].fingerprint,
    }
    skipped = next(row for row in found if row["check"] == "payment-recorded")
    assert (skipped["outcome"], skipped["setting"], skipped["finding"]) == ("skipped", "observers.order", "")


def test_an_empty_report_has_a_head():
    assert reporter_named("csv").render(EMPTY) == ",".join(f'"{name}"' for name in COLUMNS) + "\n"


@pytest.mark.parametrize("report", [RAW, INERT], ids=["raw", "inert"])
def test_hostile_text_stays_in_its_cell_and_is_no_formula(report):
    found = rows(report)
    assert len(found) == sum(max(1, len(result.findings)) for result in report.results)
    for row in found:
        assert None not in row and None not in row.values()
        for cell in row.values():
            assert not cell.startswith(tuple("=+-@\t\r\n|%＝＋－＠")), cell[:80]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\n\n=1", "|x", "%0A", "＝1"])
def test_what_would_be_a_formula_is_text(text):
    result = dataclasses.replace(GOLDEN.results[0], title=text)
    (row,) = rows(dataclasses.replace(GOLDEN, results=(result,)))
    assert row["title"].startswith("'")
