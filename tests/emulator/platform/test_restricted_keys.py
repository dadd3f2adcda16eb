"""Restricted keys do what they are permitted, and nothing else."""

from __future__ import annotations

import pytest
import stripe

from stripe_audit.emulator.permissions import permission_for
from tests.emulator.steps import pay


@pytest.fixture
def restricted(control, make_client):
    """A client whose key has these permissions."""
    return lambda *permissions: make_client(control.post("keys", permissions=list(permissions))["key"])


def test_what_is_permitted_is_done(restricted, client):
    writer = restricted("customer_write", "charge_read")
    customer = writer.v1.customers.create({"name": "Ada"})
    assert writer.v1.customers.retrieve(customer.id).name == "Ada"
    charge = pay(client).latest_charge
    assert writer.v1.charges.retrieve(charge).id == charge


def test_what_is_not_is_refused_and_named(restricted, client, emulator):
    reader = restricted("customer_read")
    with pytest.raises(stripe.PermissionError) as caught:
        reader.v1.customers.create({"name": "Eve"})
    assert caught.value.http_status == 403
    assert caught.value.user_message.endswith(
        f"does not have the required permissions for this endpoint on account '{emulator.keys.account}'. Having the "
        "'rak_customer_write' permission would allow this request to continue."
    )
    assert "rk_test_…" in caught.value.user_message
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.PermissionError, match="rak_charge_write"):
        reader.v1.refunds.create({"charge": "ch_none"})


def test_a_key_without_permissions(restricted):
    nothing = restricted()
    with pytest.raises(stripe.PermissionError, match="rak_balance_read"):
        nothing.v1.balance.retrieve()


def test_it_outlives_a_reset(restricted, control):
    reader = restricted("customer_read")
    control.post("reset")
    assert reader.v1.customers.list().data == []
    with pytest.raises(stripe.PermissionError):
        reader.v1.customers.create({})


def test_permissions_that_make_no_sense(control):
    for permissions in (["everything"], ["charge_rw"], "charge_read", None, [1]):
        assert control("POST", "keys", {"permissions": permissions})[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/v1/payment_intents/pi_1", "payment_intent_read"),
        ("POST", "/v1/payment_intents/pi_1/confirm", "payment_intent_write"),
        ("DELETE", "/v1/customers/cus_1", "customer_write"),
        ("POST", "/v1/checkout/sessions", "checkout_session_write"),
        ("GET", "/v1/account", "connected_account_read"),
        ("GET", "/v1/prices", "plan_read"),
        ("GET", "/v1/issuing/cards/ic_1", "issuing_card_read"),
        ("GET", "/v2/core/events/evt_1", "event_read"),
        ("POST", "/v2/billing/meter_event_stream", "billing_meter_event_write"),
    ],
)
def test_what_each_call_needs(method, path, permission):
    assert permission_for(method, path) == permission
