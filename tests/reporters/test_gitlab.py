from __future__ import annotations

import json

import pytest
from tests.reporters.golden import EMPTY, GOLDEN
from tests.reporters.hostile import INERT, RAW

from stripe_audit.reporters.interface import reporter_named


def entries(report):
    return json.loads(reporter_named("gitlab").render(report))


def test_an_entry_has_what_gitlab_reads():
    assert entries(GOLDEN)[0] == {
        "description": "A forged event changed an order (webhook /api/webhooks/stripe): /api/webhooks/stripe took "
        "events that Stripe did not sign: unsigned, other-secret.",
        "check_name": "webhook-signature-verified",
        "fingerprint": f"{GOLDEN.findings[0].fingerprint}:1",
        "severity": "blocker",
        "location": {"path": "services/shop/src/webhooks.ts", "lines": {"begin": 41}},
    }
    assert [entry["severity"] for entry in entries(GOLDEN)] == [
        "blocker",
        "critical",
        "critical",
        "major",
        "minor",
        "info",
    ]


@pytest.mark.parametrize("report", [GOLDEN, EMPTY, RAW, INERT], ids=["golden", "empty", "raw", "inert"])
def test_every_finding_has_an_entry_of_its_own(report):
    found = entries(report)
    assert len({entry["fingerprint"] for entry in found}) == len(found) == len(report.findings)
    for entry in found:
        assert entry["description"] and entry["check_name"]
        assert not entry["location"]["path"].startswith(("/", ".."))
        assert entry["location"]["lines"]["begin"] >= 1
