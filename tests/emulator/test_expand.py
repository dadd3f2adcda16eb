from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import create, pay


@pytest.fixture
def intent(client):
    customer = client.v1.customers.create({"name": "Ada"})
    return pay(client, customer=customer.id, metadata={"note": "cus_looks_like_an_id"})


def test_an_id_becomes_its_object(client, intent):
    read = client.v1.payment_intents.retrieve(intent.id, {"expand": ["customer", "latest_charge", "payment_method"]})
    assert (read.customer.name, read.latest_charge.amount, read.payment_method.card.last4) == ("Ada", 2000, "4242")
    assert client.v1.payment_intents.retrieve(intent.id).customer == intent.customer, "the object itself is untouched"


def test_through_several_levels(client, intent):
    path = "latest_charge.payment_intent.latest_charge.balance_transaction"
    read = client.v1.payment_intents.retrieve(intent.id, {"expand": [path]})
    assert read.latest_charge.payment_intent.latest_charge.balance_transaction.net == 1912


def test_in_lists(client, intent):
    page = client.v1.payment_intents.list({"expand": ["data.customer", "data.latest_charge.balance_transaction"]})
    assert (page.data[0].customer.name, page.data[0].latest_charge.balance_transaction.fee) == ("Ada", 88)


def test_a_list_that_is_left_out_otherwise(client, intent):
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    assert "refunds" not in client.v1.charges.retrieve(intent.latest_charge).to_dict()
    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds.data.balance_transaction"]})
    assert charge.refunds.data[0].balance_transaction.amount == -100
    assert charge.refunds.url == f"/v1/charges/{charge.id}/refunds"


def test_on_creation_and_of_nothing(client):
    made = create(client, expand=["customer", "latest_charge"])
    assert (made.customer, made.latest_charge) == (None, None)


def test_inside_a_hash(client):
    made = client.v1.customers.create(
        {
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
            "expand": ["invoice_settings.default_payment_method"],
        }
    )
    assert made.invoice_settings.default_payment_method.card.brand == "visa"


def test_a_deleted_customer_is_its_stub(client, intent):
    client.v1.customers.delete(intent.customer)
    read = client.v1.payment_intents.retrieve(intent.id, {"expand": ["customer"]})
    assert read.customer.deleted is True


@pytest.mark.parametrize(
    "path",
    [
        "unicorn",
        "amount",
        "metadata",
        "description",
        "payment_method_options",
        "customer.unicorn",
        "latest_charge.outcome",
        "latest_charge.data",
        "data.customer",
        "latest_charge.payment_intent.latest_charge.payment_intent.customer",
        ".",
        "customer.",
    ],
)
def test_what_cannot_be_expanded_is_refused_before_any_effect(client, intent, path):
    for attempt in (
        lambda: client.v1.payment_intents.retrieve(intent.id, {"expand": [path]}),
        lambda: create(client, expand=[path]),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            attempt()
        assert caught.value.param == "expand"
    assert len(client.v1.payment_intents.list().data) == 1


@pytest.mark.parametrize("path", ["customer", "data", "data.unicorn"])
def test_paths_in_lists_begin_with_data(client, intent, path):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.list({"expand": [path]})


def test_a_description_that_is_an_id_is_not_expanded(client, intent):
    named = create(client, description=intent.customer)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.retrieve(named.id, {"expand": ["description"]})
