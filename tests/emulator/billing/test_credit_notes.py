"""Credit notes on open and on paid invoices."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import draft


def custom(amount, quantity=1):
    return {"type": "custom_line_item", "unit_amount": amount, "quantity": quantity, "description": "sorry"}


def test_less_is_due_on_an_open_invoice(client, customer, seen, previous):
    invoice = client.v1.invoices.finalize_invoice(draft(client, customer.id, 2000).id)
    note = client.v1.credit_notes.create({"invoice": invoice.id, "lines": [custom(250, 2)], "reason": "order_change"})
    assert (note.total, note.type, note.status) == (500, "pre_payment", "issued")
    assert note.number == f"{invoice.number}-CN-01"
    assert differences(note.to_dict()) == []
    assert seen()[-2:] == ["credit_note.created", "invoice.updated"]
    assert previous("invoice.updated")["amount_remaining"] == 2000
    client.v1.credit_notes.update(note.id, {"memo": "m", "metadata": {"a": "b"}})
    assert previous("credit_note.updated") == {"memo": None, "metadata": {"a": None}}
    paid = client.v1.invoices.pay(invoice.id, {"expand": ["payments.data.payment.payment_intent"]})
    assert (paid.amount_paid, paid.pre_payment_credit_notes_amount) == (1500, 500)
    assert paid.payments.data[0].payment.payment_intent.amount_received == 1500
    assert [one.id for one in client.v1.credit_notes.list({"invoice": invoice.id}).data] == [note.id]
    assert client.v1.credit_notes.line_items.list(note.id).data[0].amount == 500


def test_a_credit_note_is_voided_while_the_invoice_is_open(client, customer, seen):
    invoice = client.v1.invoices.finalize_invoice(draft(client, customer.id, 2000).id)
    note = client.v1.credit_notes.create({"invoice": invoice.id, "amount": 500})
    assert client.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert seen()[-2:] == ["credit_note.voided", "invoice.updated"]
    assert client.v1.invoices.retrieve(invoice.id).amount_remaining == 2000
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.credit_notes.void_credit_note(note.id)
    whole = client.v1.credit_notes.create({"invoice": invoice.id, "amount": 2000})
    settled = client.v1.invoices.retrieve(invoice.id)
    assert (settled.status, settled.amount_paid, seen()[-2:]) == (
        "paid",
        0,
        ["invoice.paid", "invoice.payment_succeeded"],
    )
    assert "payment_intent.canceled" in seen()
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.credit_notes.void_credit_note(whole.id)


def test_money_goes_back_on_a_paid_invoice(client, customer, seen):
    invoice = client.v1.invoices.pay(draft(client, customer.id, 2000).id)
    note = client.v1.credit_notes.create(
        {
            "invoice": invoice.id,
            "amount": 1000,
            "refund_amount": 600,
            "credit_amount": 300,
            "out_of_band_amount": 100,
            "expand": ["refunds.refund", "customer_balance_transaction"],
        }
    )
    assert (note.type, note.post_payment_amount, note.refunds[0].refund.amount) == ("post_payment", 1000, 600)
    assert note.customer_balance_transaction.type == "credit_note"
    assert client.v1.customers.retrieve(customer.id).balance == -300
    assert client.v1.invoices.retrieve(invoice.id).post_payment_credit_notes_amount == 1000
    assert "charge.refunded" in seen()
    for params in ({"amount": 1001, "credit_amount": 1001}, {"amount": 500, "credit_amount": 499}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.credit_notes.create({"invoice": invoice.id, **params})


def test_a_part_of_a_line_with_its_discount_and_tax(client, customer):
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 10})
    invoice = draft(client, customer.id, 1000, default_tax_rates=[rate.id], discounts=[{"coupon": coupon.id}])
    invoice = client.v1.invoices.pay(invoice.id)
    assert invoice.total == 1080
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 500}
    wanted = {"invoice": invoice.id, "lines": [line], "credit_amount": 540}
    preview = client.v1.credit_notes.preview(wanted)
    assert (preview.subtotal, preview.discount_amount, preview.total_taxes[0].amount, preview.total) == (
        500,
        50,
        90,
        540,
    )
    assert differences(preview.to_dict()) == []
    assert client.v1.credit_notes.list().data == []
    assert client.v1.credit_notes.create(wanted).total == 540


@pytest.mark.parametrize(
    "params", [{}, {"amount": 0}, {"amount": 5000}, {"amount": 5, "lines": [custom(5)]}, {"lines": [custom(-5)]}]
)
def test_credit_notes_that_make_no_sense_are_refused(client, customer, params):
    invoice = client.v1.invoices.finalize_invoice(draft(client, customer.id, 2000).id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.credit_notes.create({"invoice": invoice.id, **params})
    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        client.v1.credit_notes.create({"invoice": draft(client, customer.id, 1).id, "amount": 1})
    assert client.v1.credit_notes.list().data == []
