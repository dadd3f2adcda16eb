"""Confirmation tokens: chosen in the browser, confirmed on the server."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import create

CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "314"}


@pytest.fixture
def token(client):
    def make(method="pm_card_visa", **params):
        return client.v1.test_helpers.confirmation_tokens.create({"payment_method": method, **params})

    return make


def test_an_intent_is_confirmed_with_what_the_customer_chose(client, token):
    made = token(return_url="https://shop.example/done", setup_future_usage="off_session")
    assert (made.payment_method_preview.type, made.payment_method_preview.card.last4) == ("card", "4242")
    assert made.expires_at - made.created == 12 * 3600 and made.payment_intent is None
    assert differences(made.to_dict()) == []
    customer = client.v1.customers.create({})
    params = {"amount": 2000, "currency": "eur", "customer": customer.id, "confirm": True}
    intent = client.v1.payment_intents.create({**params, "confirmation_token": made.id})
    assert (intent.status, intent.setup_future_usage) == ("succeeded", "off_session")
    used = client.v1.confirmation_tokens.retrieve(made.id)
    assert (used.payment_intent, used.expires_at) == (intent.id, None)
    assert client.v1.payment_methods.retrieve(intent.payment_method).customer == customer.id


def test_the_browser_makes_it_and_the_server_confirms(client, emulator, token):
    form = {f"payment_method_data[card][{name}]": value for name, value in CARD.items()}
    form |= {"payment_method_data[type]": "card", "payment_method_data[billing_details][name]": "Ada"}
    answer = requests.post(
        f"{emulator.url}/v1/confirmation_tokens",
        data={**form, "key": emulator.keys.publishable, "return_url": "https://shop.example"},
        timeout=5,
    )
    intent = create(client, automatic_payment_methods={"enabled": True})
    assert (
        client.v1.payment_intents.confirm(intent.id, {"confirmation_token": answer.json()["id"]}).status == "succeeded"
    )
    charge = client.v1.charges.list({"payment_intent": intent.id}).data[0]
    assert (charge.billing_details.name, charge.payment_method_details.card.last4) == ("Ada", "4242")


def test_what_the_call_says_goes_first(client, token):
    made = token(return_url="https://one.example", method="pm_card_authenticationRequired")
    intent = create(client, automatic_payment_methods={"enabled": True})
    confirmed = client.v1.payment_intents.confirm(
        intent.id, {"confirmation_token": made.id, "return_url": "https://other.example"}
    )
    assert confirmed.next_action.redirect_to_url.return_url == "https://other.example"


def test_a_set_up_is_confirmed_too(client, token):
    customer, made = client.v1.customers.create({}), token(return_url="https://shop.example")
    intent = client.v1.setup_intents.create({"customer": customer.id})
    assert client.v1.setup_intents.confirm(intent.id, {"confirmation_token": made.id}).status == "succeeded"
    assert client.v1.confirmation_tokens.retrieve(made.id).setup_intent == intent.id


def test_it_is_used_once_and_not_for_ever(client, control, token):
    made = token()
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(create(client).id, {"confirmation_token": token("pm_card_chargeDeclined").id})
    client.v1.payment_intents.confirm(create(client).id, {"confirmation_token": made.id})
    old = token()
    control.post("clock/advance", seconds=12 * 3600)
    intent = create(client)
    for params, said in (
        ({"confirmation_token": made.id}, "already used"),
        ({"confirmation_token": old.id}, "expired"),
        ({"confirmation_token": "ctoken_none"}, "No such confirmation_token"),
        ({"confirmation_token": token().id, "payment_method": "pm_card_visa"}, "only specify one"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=said) as caught:
            client.v1.payment_intents.confirm(intent.id, params)
        assert caught.value.param == "confirmation_token"
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


@pytest.mark.parametrize("params", [{}, {"payment_method": "pm_card_visa", "payment_method_data": {"type": "klarna"}}])
def test_it_stands_for_one_method(client, params):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.test_helpers.confirmation_tokens.create(params)
    assert caught.value.param == "payment_method_data"


def test_it_is_for_confirmations_only(client, token):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, confirmation_token=token().id)
    assert caught.value.param == "confirmation_token"
