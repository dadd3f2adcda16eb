from __future__ import annotations

import json

import pytest

from stripe_audit import Severity, webhooks
from tests.checks.modules import module_of

EVENT = {
    "id": "evt_1",
    "type": "payment_intent.succeeded",
    "data": {"object": {"id": "pi_1", "metadata": {"order": "o1"}}},
}
LARGE, FOREIGN, STRIPES = "of 64 KB", "with letters outside ASCII and emoji", "as Stripe writes it"


@pytest.mark.parametrize(
    ("refused", "title", "severity"),
    [
        ([LARGE], "A large event is refused", Severity.MEDIUM),
        ([FOREIGN], "An event with letters outside ASCII is refused", Severity.HIGH),
        ([FOREIGN, LARGE], "An event with letters outside ASCII is refused", Severity.HIGH),
        (["compact"], "The signature is not verified over the raw body", Severity.HIGH),
        (["compact", FOREIGN, LARGE], "The signature is not verified over the raw body", Severity.HIGH),
        ([STRIPES, FOREIGN, LARGE], "The signature is not verified over the raw body", Severity.CRITICAL),
    ],
)
def test_the_likely_cause(refused, title, severity):
    told, why, how_bad = module_of("webhook-raw-body-preserved").assess(refused)
    assert (told, how_bad) == (title, severity)
    assert why.endswith(".")


def test_a_large_event_is_the_same_event_of_just_below_64_kib():
    module = module_of("webhook-raw-body-preserved")
    body = module.large(EVENT)
    assert 64_000 <= len(body) < 65_536
    metadata = json.loads(body)["data"]["object"]["metadata"]
    assert metadata["order"] == "o1"
    assert len(metadata) <= 50  # docs.stripe.com/metadata
    assert max(map(len, metadata.values())) <= 500


def test_a_foreign_event_holds_bytes_that_no_single_byte_encoding_has():
    body = module_of("webhook-raw-body-preserved").foreign(EVENT)
    assert "🧾".encode() in body
    assert body.startswith(webhooks.body_of(EVENT)[:30])
    assert EVENT["data"]["object"]["metadata"] == {"order": "o1"}
