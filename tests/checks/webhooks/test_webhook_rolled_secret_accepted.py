"""Forms of the header with a right signature in it: the official SDK takes each, and each is what its name says."""

from __future__ import annotations

import time

import pytest
import stripe

from stripe_audit.keys import make_test_keys
from tests.checks.modules import module_of

CHECK = module_of("webhook-rolled-secret-accepted")
SECRET = make_test_keys(seed=3).webhook_secret


@pytest.mark.parametrize("name", CHECK.FORMS)
def test_the_official_sdk_takes_every_form(name):
    body, headers = CHECK.FORMS[name]({"id": "evt_1", "object": "event"}, SECRET, int(time.time()))
    assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET).id == "evt_1"


def test_the_right_signature_is_first_or_last_as_the_name_says():
    right = CHECK.signatures.sign(CHECK.webhooks.body_of({}), SECRET, 1)
    headers = {name: form({}, SECRET, 1)[1]["Stripe-Signature"] for name, form in CHECK.FORMS.items()}
    assert headers["the right signature before another"].startswith(f"t=1,v1={right},v1=")
    assert headers["the right signature after another"].endswith(f",v1={right}")
    assert headers["the right one after v0 and a scheme to come"].endswith(f",v1={right}")
