from __future__ import annotations

import pytest
import stripe


def test_a_customer_is_created_read_changed_and_listed(client, control):
    made = client.v1.customers.create(
        {"email": "ada@example.com", "name": "Ada", "metadata": {"plan": "a", "team": "x"}, "address": {"city": "Rome"}}
    )
    assert made.id.startswith("cus_") and made.livemode is False
    client.v1.customers.update(made.id, {"name": "Ada L.", "metadata": {"plan": "b", "team": ""}})
    read = client.v1.customers.retrieve(made.id)
    assert (read.name, read.email, read.metadata.to_dict(), read.address.city) == (
        "Ada L.",
        "ada@example.com",
        {"plan": "b"},
        "Rome",
    )
    assert [one.id for one in client.v1.customers.list({"email": "ada@example.com"}).data] == [made.id]
    assert client.v1.customers.list({"email": "bob@example.com"}).data == []
    assert control.events(made.id) == ["customer.created", "customer.updated"]


def test_an_update_tells_what_the_fields_held_before(client, control):
    made = client.v1.customers.create({"name": "Ada", "metadata": {"a": "1", "b": "2"}})
    client.v1.customers.update(made.id, {"name": "Bob", "metadata": {"a": "3", "c": "4"}})
    event = control.get(f"events?object={made.id}")["events"][-1]
    assert event["data"]["previous_attributes"] == {"name": "Ada", "metadata": {"a": "1", "c": None}}


def test_an_update_that_changes_nothing_makes_no_event(client, control):
    made = client.v1.customers.create({"name": "Ada"})
    client.v1.customers.update(made.id, {"name": "Ada"})
    assert control.events(made.id) == ["customer.created"]


def test_an_empty_string_unsets_a_field(client):
    made = client.v1.customers.create({"name": "Ada", "metadata": {"a": "1"}})
    changed = client.v1.customers.update(made.id, {"name": "", "metadata": ""})
    assert changed.name is None and changed.metadata.to_dict() == {}


def test_a_deleted_customer_is_a_stub_and_takes_part_in_nothing(client, control):
    made = client.v1.customers.create({"email": "ada@example.com", "payment_method": "pm_card_visa"})
    method = client.v1.customers.payment_methods.list(made.id).data[0]
    deleted = client.v1.customers.delete(made.id)
    assert deleted.deleted is True
    assert client.v1.customers.retrieve(made.id).to_dict() == {"id": made.id, "object": "customer", "deleted": True}
    assert client.v1.customers.list({"created": {"gte": 1}}).data == []
    assert client.v1.customers.search({"query": "-email:'x'"}).data == []
    assert client.v1.payment_methods.retrieve(method.id).customer is None
    for attempt in (
        lambda: client.v1.customers.update(made.id, {"name": "x"}),
        lambda: client.v1.customers.delete(made.id),
        lambda: client.v1.payment_intents.create({"amount": 2000, "currency": "usd", "customer": made.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            attempt()
        assert caught.value.code == "resource_missing"


def test_a_customer_comes_with_a_default_payment_method(client):
    made = client.v1.customers.create(
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    )
    methods = client.v1.customers.payment_methods.list(made.id).data
    assert [method.id for method in methods] == [made.invoice_settings.default_payment_method]
    found = client.v1.customers.payment_methods.retrieve(made.id, methods[0].id)
    assert found.customer == made.id


def test_a_default_payment_method_must_be_the_customers_own(client):
    made = client.v1.customers.create({"name": "Ada"})
    other = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.customers.update(made.id, {"name": "Bob", "invoice_settings": {"default_payment_method": other.id}})
    assert client.v1.customers.retrieve(made.id).name == "Ada"


def test_a_customer_whose_card_refuses_to_be_attached_is_not_created(client):
    with pytest.raises(stripe.CardError):
        client.v1.customers.create({"email": "a@example.com", "payment_method": "pm_card_visa_chargeDeclined"})
    assert client.v1.customers.list().data == []


@pytest.mark.parametrize("email", ["not-an-address", "a b@example.com", "@"])
def test_an_address_that_is_none_is_refused(client, email):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.create({"email": email})
    assert (caught.value.param, caught.value.code) == ("email", "email_invalid")


def test_metadata_have_limits(client):
    made = client.v1.customers.create({"name": "Ada", "metadata": {f"k{n}": "v" for n in range(50)}})
    for metadata in ({"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}, {"one": "more"}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.customers.update(made.id, {"name": "Bob", "metadata": metadata})
    assert client.v1.customers.retrieve(made.id).name == "Ada"
