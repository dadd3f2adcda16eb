"""Products and prices."""

from __future__ import annotations

from decimal import Decimal

import pytest
import stripe


def test_a_product_with_its_price(client, control):
    product = client.v1.products.create(
        {"name": "Book", "default_price_data": {"currency": "eur", "unit_amount": 1999}, "metadata": {"isbn": "1"}}
    )
    price = client.v1.prices.retrieve(product.default_price)
    assert (price.product, price.unit_amount, price.unit_amount_decimal, price.type) == (
        product.id,
        1999,
        Decimal(1999),
        "one_time",
    )
    assert control.events(product.id) == ["product.created"] and control.events(price.id) == ["price.created"]
    assert client.v1.products.update(product.id, {"name": "Tome", "active": False}).name == "Tome"
    assert client.v1.products.list({"active": True}).data == []


def test_prices_are_listed_by_product_and_key(client):
    product = client.v1.products.create({"name": "Book", "id": "book"})
    once = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500, "lookup_key": "k"})
    monthly = client.v1.prices.create(
        {"product": "book", "currency": "usd", "unit_amount": 300, "recurring": {"interval": "month"}}
    )
    assert [price.id for price in client.v1.prices.list({"product": "book"}).data] == [monthly.id, once.id]
    assert [price.id for price in client.v1.prices.list({"lookup_keys": ["k"]}).data] == [once.id]
    assert [price.id for price in client.v1.prices.list({"type": "recurring"}).data] == [monthly.id]
    assert monthly.recurring.interval == "month" and monthly.recurring.interval_count == 1
    assert client.v1.prices.update(once.id, {"active": False}).active is False


def test_fractions_of_a_cent(client):
    price = client.v1.prices.create(
        {"currency": "usd", "unit_amount_decimal": "0.5", "product_data": {"name": "Message"}}
    )
    assert (price.unit_amount, price.unit_amount_decimal) == (None, Decimal("0.5"))


@pytest.mark.parametrize(
    "params",
    [
        {"unit_amount": 1},
        {"unit_amount": 1, "product": "none"},
        {"product_data": {"name": "a"}},
        {"product_data": {"name": "a"}, "unit_amount": 1, "unit_amount_decimal": "1"},
        {"product_data": {"name": "a"}, "unit_amount_decimal": "1e3"},
        {"product_data": {"name": "a"}, "unit_amount": 1, "recurring": {"interval": "century"}},
    ],
)
def test_prices_that_make_no_sense_are_refused(client, params):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.prices.create({"currency": "usd", **params})
    assert client.v1.prices.list().data == [] and client.v1.products.list().data == []


def test_an_id_of_the_callers_own_must_be_new(client):
    intent = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"})
    client.v1.products.create({"name": "Book", "id": "book"})
    for taken in ("book", intent.id):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.products.create({"name": "Other", "id": taken})
        assert caught.value.code == "resource_already_exists"
    assert client.v1.payment_intents.retrieve(intent.id).amount == 2000


def test_a_product_is_deleted_unless_it_has_a_price(client, control):
    free = client.v1.products.create({"name": "Free"})
    priced = client.v1.products.create({"name": "Priced", "default_price_data": {"currency": "usd", "unit_amount": 1}})
    assert client.v1.products.delete(free.id).deleted is True
    assert control.events(free.id) == ["product.created", "product.deleted"]
    with pytest.raises(stripe.InvalidRequestError, match="prices"):
        client.v1.products.delete(priced.id)
