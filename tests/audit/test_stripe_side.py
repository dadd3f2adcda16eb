"""The target's calls to Stripe and Stripe's deliveries are recorded with times, owners and duplicates."""

from __future__ import annotations

import json

from stripe_audit.audit.stripe_side import record_stripe_side
from stripe_audit.models import Exchange, Party
from stripe_audit.testing import demo_stage, run_checks


def test_both_sides_of_a_payment_are_recorded():
    with demo_stage() as demo:
        run_checks(["webhook-duplicates-harmless"], demo)
        identities = record_stripe_side(demo)
        recorded = [demo.recorder.get(identity) for identity in identities]
    told: list[Exchange] = [one for one in recorded if one]
    assert len(told) == len(identities) > 10
    assert [one.started_at for one in told] == sorted(one.started_at for one in told)
    calls = [one for one in told if (one.source, one.destination) == (Party.APP, Party.STRIPE)]
    deliveries = [one for one in told if (one.source, one.destination) == (Party.WEBHOOK, Party.APP)]
    assert len(calls) + len(deliveries) == len(told)
    assert any(one.method == "POST" and one.url.endswith("/v1/payment_intents") for one in calls)
    assert {one.check for one in calls if "/payment_intents" in one.url} == {"webhook-duplicates-harmless"}
    repeated = [one for one in deliveries if one.duplicate]
    assert repeated
    first = {json.loads(one.request.body)["id"] for one in deliveries if not one.duplicate}
    assert {json.loads(one.request.body)["id"] for one in repeated} <= first


def test_no_secret_is_recorded():
    with demo_stage() as demo:
        run_checks(["payment-intent-created"], demo)
        secret = demo.keys.secret
        recorded = [demo.recorder.get(identity) for identity in record_stripe_side(demo)]
    assert recorded and secret not in repr(recorded)


def test_a_stripe_that_has_gone_is_no_trouble():
    with demo_stage() as demo:
        stage = demo
    assert record_stripe_side(stage) == ()
