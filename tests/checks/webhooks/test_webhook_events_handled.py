from __future__ import annotations

import pytest

from stripe_audit import WebhookRoute, trials, webhooks
from stripe_audit.models import Outcome
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import module_of

CHECK = "webhook-events-handled"
TWO_TYPES = {
    "name": "main",
    "path": "/api/webhooks/stripe",
    "secret": {"generated": True},
    "events": ["payment_intent.succeeded", "charge.dispute.created"],
}
OTHER_SECRETS = {
    f"STRIPE_WEBHOOK_SECRET_{name}": "whsec_" + "e" * 32
    for name in ("PAYMENT_SUCCEEDED", "PAYMENT_FAILED", "INVOICE_PAID", "SUBSCRIPTION_UPDATED")
}


class _Spec:
    def __init__(self, *routes):
        self.webhooks = routes


class _Context:
    def __init__(self, *routes):
        self.spec = _Spec(*routes)


@pytest.mark.parametrize(
    ("routes", "types"),
    [
        ([WebhookRoute("a", "/a", "s", ("charge.refunded",))], ["charge.refunded"]),
        ([WebhookRoute("a", "/a", "s", ("invoice.paid",))], []),
        ([WebhookRoute("a", "/a", None, ("charge.refunded",))], []),
        ([WebhookRoute("a", "/a", "s")], ["charge.refunded", "refund.created", "refund.updated"]),
        ([WebhookRoute("a", "/a", "s", ("*",))], ["charge.refunded", "refund.created", "refund.updated"]),
    ],
)
def test_the_types_that_an_endpoint_is_declared_for(routes, types):
    module = module_of(CHECK)
    story = next(story for story in module.STORIES if story.journey == "refunded")
    assert module.declared_types(_Context(*routes), story) == types


def test_every_story_is_a_journey_told_by_events_that_exist():
    for story in module_of(CHECK).STORIES:
        assert story.journey in trials.JOURNEYS
        assert set(story.types) <= set(webhooks.event_types())


def test_what_no_endpoint_is_declared_for_is_noted_and_not_judged():
    flags = {"target": {"routes": {"webhook": [TWO_TYPES]}, "launch": {"env": OTHER_SECRETS}}}
    with demo_stage(flags=flags) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert result.outcome is Outcome.PASSED, (result.reason, result.findings)
    left_out = {note.split(": ")[1].split(" was")[0] for note in result.notes}
    assert left_out == {"declined", "canceled", "refunded", "partially-refunded"}
