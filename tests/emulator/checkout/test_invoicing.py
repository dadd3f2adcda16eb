"""The invoice of a Checkout Session that was to have one."""

from __future__ import annotations

import pytest

from tests.emulator.billing.declared import differences
from tests.emulator.checkout.test_sessions import SHOP, again

CREATION = {
    "enabled": True,
    "invoice_data": {"description": "Shirts", "footer": "Thank you", "metadata": {"order": "7"}},
}
INVOICED = ["invoice.created", "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_succeeded"]


@pytest.fixture
def open_session(client, price):
    def make(**params):
        given = {"mode": "payment", "line_items": [{"price": price.id, "quantity": 2}], "invoice_creation": CREATION}
        return client.v1.checkout.sessions.create({**SHOP, **given, **params})

    return make


def test_it_is_paid_when_the_session_is(client, open_session, surf, control, seen):
    session = open_session()
    surf(session.url, method="pm_card_visa", email="ada@example.com", name="Ada")
    done = again(client, session, "invoice.payments", "payment_intent")
    invoice = done.invoice
    assert (invoice.status, invoice.total, invoice.amount_paid, invoice.amount_remaining) == ("paid", 3000, 3000, 0)
    assert (invoice.description, invoice.footer, invoice.metadata.to_dict()) == ("Shirts", "Thank you", {"order": "7"})
    assert (invoice.customer, invoice.customer_email) == (done.customer, "ada@example.com")
    assert [(line.description, line.quantity, line.amount) for line in invoice.lines.data] == [("T-shirt", 2, 3000)]
    (payment,) = invoice.payments.data
    assert (payment.status, payment.payment.payment_intent) == ("paid", done.payment_intent.id)
    assert differences(invoice.to_dict()) == []
    types = [type for type in seen() if type in INVOICED or type.startswith("checkout")]
    assert types == [*INVOICED[:3], "invoice.updated", *INVOICED[3:], "checkout.session.completed"]
    (completed,) = [e for e in control.get("events")["events"] if e["type"] == "checkout.session.completed"]
    assert completed["data"]["object"]["invoice"] == invoice.id
    assert len(client.v1.payment_intents.list().data) == len(client.v1.invoices.list().data) == 1


def test_it_shows_discounts_taxes_and_shipping(client, open_session, surf, price):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    fixed = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "eur"}}
    session = open_session(
        line_items=[{"price": price.id, "quantity": 1, "tax_rates": [rate.id]}],
        shipping_options=[{"shipping_rate_data": fixed}],
        discounts=[{"coupon": coupon.id}],
    )
    surf(session.url, method="pm_card_visa", email="ada@example.com")
    invoice = client.v1.invoices.retrieve(again(client, session).invoice)
    assert invoice.total == invoice.amount_paid == session.amount_total == 1500 - 150 + 270 + 500
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_the_customers_credit_has_no_part_in_it(client, open_session, surf):
    customer = client.v1.customers.create({"balance": -1000})
    session = open_session(customer=customer.id)
    surf(session.url, method="pm_card_visa")
    invoice = client.v1.invoices.retrieve(again(client, session).invoice)
    assert (invoice.amount_paid, invoice.starting_balance, invoice.customer) == (3000, 0, customer.id)
    assert client.v1.customers.retrieve(customer.id).balance == -1000


def test_a_debit_is_invoiced_once_it_has_come(client, open_session, surf, later, seen):
    session = open_session(allowed_payment_method_types=["card", "sepa_debit"])
    surf(session.url, method="pm_sepaDebit_success_de")
    assert again(client, session).payment_status == "unpaid" and "invoice.created" not in seen()
    later(1)
    assert "invoice.paid" in seen()
    assert client.v1.invoices.retrieve(again(client, session).invoice).amount_paid == 3000


def test_what_is_free_is_invoiced_too(client, open_session, surf, price):
    coupon = client.v1.coupons.create({"percent_off": 100, "duration": "once"})
    session = open_session(discounts=[{"coupon": coupon.id}])
    surf(session.url, email="ada@example.com")
    done = again(client, session, "invoice")
    assert (done.payment_status, done.invoice.status, done.invoice.total) == ("no_payment_required", "paid", 0)


def test_without_the_wish_there_is_none(client, open_session, surf, seen):
    session = open_session(invoice_creation={"enabled": False})
    surf(session.url, method="pm_card_visa")
    assert again(client, session).invoice is None and "invoice.created" not in seen()
