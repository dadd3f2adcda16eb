"""Quotes: their states, and what an accepted one becomes."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import recurring
from tests.emulator.steps import wait_for


def test_a_quote_becomes_a_subscription(client, customer, seen):
    monthly = recurring(client, 1000)
    setup = client.v1.prices.create({"currency": "usd", "unit_amount": 5000, "product": monthly.product})
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    quote = client.v1.quotes.create(
        {
            "customer": customer.id,
            "line_items": [{"price": monthly.id, "quantity": 3}, {"price": setup.id}],
            "default_tax_rates": [rate.id],
            "expand": ["line_items"],
        }
    )
    assert (quote.status, quote.amount_subtotal, quote.amount_total) == ("draft", 8000, 8800)
    assert (quote.computed.recurring.amount_total, quote.computed.recurring.interval) == (3300, "month")
    assert [(item.amount_total, item.quantity) for item in quote.line_items.data] == [(3300, 3), (5500, 1)]
    assert differences(quote.to_dict()) == []
    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        client.v1.quotes.accept(quote.id)
    assert client.v1.quotes.finalize_quote(quote.id).number == f"QT-{customer.invoice_prefix}-0001-1"
    with pytest.raises(stripe.InvalidRequestError, match="open"):
        client.v1.quotes.update(quote.id, {"description": "d"})
    accepted = client.v1.quotes.accept(quote.id, {"expand": ["subscription.latest_invoice"]})
    subscription = accepted.subscription
    assert (accepted.status, subscription.status, subscription["items"].data[0].quantity) == ("accepted", "active", 3)
    assert (subscription.latest_invoice.status, subscription.latest_invoice.total) == ("draft", 8800)
    assert [type for type in seen() if type.startswith("quote")] == [
        "quote.created",
        "quote.finalized",
        "quote.accepted",
    ]
    assert [item.price.id for item in client.v1.quotes.line_items.list(quote.id).data] == [monthly.id, setup.id]


def test_a_quote_becomes_an_invoice(client, customer):
    coupon = client.v1.coupons.create({"percent_off": 25})
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 4000, "product_data": {"name": "Desk"}})
    quote = client.v1.quotes.create(
        {"customer": customer.id, "line_items": [{"price": price.id}], "discounts": [{"coupon": coupon.id}]}
    )
    client.v1.quotes.update(quote.id, {"line_items": [{"price": price.id, "quantity": 2}]})
    client.v1.quotes.finalize_quote(quote.id)
    accepted = client.v1.quotes.accept(quote.id, {"expand": ["invoice"]})
    assert (accepted.amount_total, accepted.invoice.total, accepted.invoice.billing_reason) == (
        6000,
        6000,
        "quote_accept",
    )
    assert accepted.invoice.parent.quote_details.quote == quote.id
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_quote_is_canceled_or_expires(client, customer, control, seen):
    price = recurring(client)
    wanted = {"customer": customer.id, "line_items": [{"price": price.id}]}
    quote = client.v1.quotes.create(wanted)
    assert client.v1.quotes.cancel(quote.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.quotes.cancel(quote.id)
    other = client.v1.quotes.create(wanted)
    assert [one.id for one in client.v1.quotes.list({"status": "draft"}).data] == [other.id]
    control.post("clock/advance", seconds=31 * 86400)
    wait_for(lambda: client.v1.quotes.retrieve(other.id).status == "canceled")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": [{"price": "none"}]}, "line_items[0][price]"),
        ({"customer": "none"}, "customer"),
        ({"expires_at": 1}, "expires_at"),
        ({"discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
    ],
)
def test_quotes_that_make_no_sense_are_refused(client, params, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.quotes.create(params)
    assert caught.value.param == param
    assert client.v1.quotes.list().data == []


def test_a_quote_needs_a_customer_and_lines(client, customer):
    quote = client.v1.quotes.create({"line_items": [{"price": recurring(client).id}]})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.quotes.finalize_quote(quote.id)
    assert caught.value.param == "customer"
    client.v1.quotes.update(quote.id, {"customer": customer.id})
    assert client.v1.quotes.finalize_quote(quote.id).status == "open"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.quotes.finalize_quote(client.v1.quotes.create({"customer": customer.id}).id)
    assert caught.value.param == "line_items"


def test_prices_that_are_for_one_quote_alone(client, customer):
    product = client.v1.products.create({"name": "Custom"}).id
    data = {"currency": "usd", "product": product, "unit_amount": 700}
    lines = [{"price_data": data, "quantity": 2}, {"price_data": {**data, "recurring": {"interval": "month"}}}]
    quote = client.v1.quotes.create({"customer": customer.id, "line_items": lines})
    client.v1.quotes.finalize_quote(quote.id)
    accepted = client.v1.quotes.accept(quote.id, {"expand": ["subscription.latest_invoice"]})
    assert accepted.subscription.latest_invoice.total == accepted.amount_total == 2100
    price = accepted.subscription["items"].data[0].price
    assert price.active is False
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
