"""Ephemeral keys and customer sessions."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"payment_method": "pm_card_visa"})


@pytest.fixture
def key(client, customer):
    return client.v1.ephemeral_keys.create({"customer": customer.id}, {"stripe_version": "2026-08-26.dahlia"})


def test_an_ephemeral_key_opens_what_is_the_customers(client, make_client, customer, key):
    assert key.secret.startswith("ek_test_") and key.expires - key.created == 3600
    assert key.associated_objects[0].id == customer.id
    device = make_client(key.secret)
    (method,) = device.v1.customers.payment_methods.list(customer.id).data
    assert method.card.last4 == "4242"
    with pytest.raises(stripe.PermissionError):
        device.v1.refunds.create({"payment_intent": "pi_none"})
    with pytest.raises(stripe.PermissionError):
        device.v1.payment_intents.create({"amount": 2000, "currency": "usd"})


def test_it_ends_after_an_hour_or_when_it_is_deleted(client, make_client, control, customer, key):
    other = client.v1.ephemeral_keys.create({"customer": customer.id}, {"stripe_version": "2026-08-26.dahlia"})
    client.v1.ephemeral_keys.delete(other.id)
    with pytest.raises(stripe.AuthenticationError):
        make_client(other.secret).v1.customers.retrieve(customer.id)
    assert make_client(key.secret).v1.customers.retrieve(customer.id).id == customer.id
    control.post("clock/advance", seconds=3601)
    with pytest.raises(stripe.AuthenticationError):
        make_client(key.secret).v1.customers.retrieve(customer.id)


@pytest.mark.parametrize(
    "params", [{}, {"customer": "cus_none"}, {"customer": "<customer>", "verification_session": "vs_none"}]
)
def test_a_key_is_for_one_object(client, customer, params):
    given = {name: customer.id if value == "<customer>" else value for name, value in params.items()}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.ephemeral_keys.create(given, {"stripe_version": "2026-08-26.dahlia"})
    assert caught.value.param == "customer"


def test_a_customer_session_has_its_components(client, customer):
    session = client.v1.customer_sessions.create(
        {
            "customer": customer.id,
            "components": {"payment_element": {"enabled": True, "features": {"payment_method_save": "enabled"}}},
        }
    )
    assert session.client_secret.startswith("cuss_secret_") and session.customer == customer.id
    assert session.components.payment_element.features.payment_method_save == "enabled"
    assert (session.components.buy_button.enabled, session.expires_at - session.created) == (False, 1800)
    assert differences(session.to_dict()) == []


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"components": {"buy_button": {"enabled": True}}}, "customer"),
        ({"customer": "cus_none", "components": {"buy_button": {"enabled": True}}}, "customer"),
        ({"customer": "<customer>", "components": {"buy_button": {"enabled": False}}}, "components"),
    ],
)
def test_a_session_needs_a_customer_and_a_component(client, customer, params, param):
    given = {name: customer.id if value == "<customer>" else value for name, value in params.items()}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customer_sessions.create(given)
    assert caught.value.param == param
