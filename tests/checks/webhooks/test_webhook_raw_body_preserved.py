from __future__ import annotations

import json

import pytest

from stripe_audit import Severity, webhooks
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.models import Outcome
from stripe_audit.testing import demo_stage, run_checks
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
    body, headers = module.rightly_signed(module.OWN[LARGE])(EVENT, "whsec_x", 1)
    assert 64_000 <= len(body) < 65_536
    assert headers == webhooks.genuine_header(body, "whsec_x", 1)
    metadata = json.loads(body)["data"]["object"]["metadata"]
    assert metadata["order"] == "o1"
    assert len(metadata) <= 50  # docs.stripe.com/metadata
    assert max(map(len, metadata.values())) <= 500


def test_an_event_of_256_kib_is_noted_and_no_finding(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "small", Takes200KB)
    with demo_stage(variant="small") as stage:
        result = run_checks(["webhook-raw-body-preserved"], stage)["webhook-raw-body-preserved"]
    assert (result.outcome, result.findings) == (Outcome.PASSED, ())
    assert len([note for note in result.notes if "refuses an event of 256 KB" in note]) == 5


class Takes200KB(Shop):
    async def webhook(self, route, request):
        if len(await request.read()) > 200 * 1024:
            raise Refusal(413, "too_large", "The body is too large.")
        return await super().webhook(route, request)


def test_a_foreign_event_holds_bytes_that_no_single_byte_encoding_has():
    body = module_of("webhook-raw-body-preserved").foreign(EVENT)
    assert "🧾".encode() in body
    assert body.startswith(webhooks.body_of(EVENT)[:30])
    assert EVENT["data"]["object"]["metadata"] == {"order": "o1"}
