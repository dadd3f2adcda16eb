"""Invoices and invoice items: their states, their events, their amounts."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import draft
from tests.emulator.steps import wait_for


def test_an_invoice_is_drafted_finalized_and_paid(client, customer, seen, previous):
    invoice = draft(client, customer.id, 2000, 500, metadata={"order": "7"})
    assert (invoice.status, invoice.amount_due, invoice.number, invoice.billing_reason) == (
        "draft",
        2500,
        None,
        "manual",
    )
    assert [line.amount for line in invoice.lines.data] == [2000, 500]
    assert differences(invoice.to_dict()) == []
    finalized = client.v1.invoices.finalize_invoice(invoice.id, {"expand": ["payments", "confirmation_secret"]})
    assert (finalized.status, finalized.number) == ("open", f"{customer.invoice_prefix}-0001")
    assert previous("invoice.finalized")["status"] == "draft"
    intent = client.v1.payment_intents.retrieve(finalized.payments.data[0].payment.payment_intent)
    assert (intent.amount, intent.status, intent.customer) == (2500, "requires_confirmation", customer.id)
    assert finalized.confirmation_secret.client_secret == intent.client_secret
    paid = client.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == ("paid", 2500, 0, 1)
    assert previous("invoice.updated")["status_transitions"] == {"paid_at": None}
    assert seen()[2:] == [
        "invoiceitem.created",
        "invoiceitem.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ]
    (payment,) = client.v1.invoice_payments.list(
        {"invoice": invoice.id, "expand": ["data.payment.payment_intent"]}
    ).data
    assert (payment.status, payment.amount_paid, payment.payment.payment_intent.status) == ("paid", 2500, "succeeded")
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        client.v1.invoices.pay(invoice.id)


def test_pay_finalizes_a_draft_and_takes_a_given_payment_method(client):
    poor = client.v1.customers.create()
    invoice = draft(client, poor.id, 2000)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoices.pay(invoice.id)
    assert caught.value.code == "resource_missing"
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": poor.id})
    assert client.v1.invoices.pay(invoice.id, {"payment_method": method.id}).status == "paid"


def test_a_refused_card_leaves_the_invoice_open(client, seen, previous):
    poor = client.v1.customers.create()
    invoice = draft(client, poor.id, 2000)
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": poor.id})
    with pytest.raises(stripe.CardError) as caught:
        client.v1.invoices.pay(invoice.id, {"payment_method": bad.id})
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    failed = client.v1.invoices.retrieve(invoice.id)
    assert (failed.status, failed.attempted, failed.attempt_count) == ("open", True, 1)
    assert seen()[-4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.updated",
        "invoice.payment_failed",
    ]
    assert previous("invoice.updated") == {"attempted": False, "attempt_count": 0}
    good = client.v1.payment_methods.attach("pm_card_visa", {"customer": poor.id})
    paid = client.v1.invoices.pay(invoice.id, {"payment_method": good.id})
    assert (paid.status, paid.attempt_count) == ("paid", 2)


def test_a_card_that_wants_authentication(client, browser, control, seen):
    poor = client.v1.customers.create()
    invoice = draft(client, poor.id, 2000)
    method = client.v1.payment_methods.attach("pm_card_threeDSecure2Required", {"customer": poor.id})
    with pytest.raises(stripe.CardError) as caught:
        client.v1.invoices.pay(invoice.id, {"payment_method": method.id})
    assert caught.value.code == "invoice_payment_intent_requires_action"
    assert seen()[-3:] == ["payment_intent.requires_action", "invoice.updated", "invoice.payment_action_required"]
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    control.post(f"payment_intents/{payment.payment.payment_intent}/authenticate", outcome="succeed")
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert "invoice.paid" in seen()


def test_the_customers_browser_pays_with_the_confirmation_secret(client, browser):
    poor = client.v1.customers.create()
    invoice = draft(client, poor.id, 2000)
    secret = client.v1.invoices.finalize_invoice(
        invoice.id, {"expand": ["confirmation_secret"]}
    ).confirmation_secret.client_secret
    browser.v1.payment_intents.confirm(
        secret.partition("_secret_")[0], {"client_secret": secret, "payment_method": "pm_card_visa"}
    )
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"


def test_nothing_due_is_paid_without_a_payment(client, customer, seen):
    invoice = client.v1.invoices.finalize_invoice(draft(client, customer.id).id, {"expand": ["payments"]})
    assert (invoice.status, invoice.amount_paid, invoice.payments.data) == ("paid", 0, [])
    assert "payment_intent.created" not in seen() and seen()[-2:] == ["invoice.paid", "invoice.payment_succeeded"]


def test_paid_elsewhere(client, customer, seen):
    invoice = draft(client, customer.id, 2000)
    paid = client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid, paid.amount_paid_off_stripe) == ("paid", 2000, 2000)
    assert "payment_intent.canceled" in seen() and "charge.succeeded" not in seen()
    assert "invoice.paid" in seen() and "invoice.payment_succeeded" not in seen()


def test_void_and_uncollectible(client, customer, seen):
    invoice = draft(client, customer.id, 2000)
    for refused in (client.v1.invoices.void_invoice, client.v1.invoices.mark_uncollectible):
        with pytest.raises(stripe.InvalidRequestError):
            refused(invoice.id)
    client.v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="already finalized"):
        client.v1.invoices.finalize_invoice(invoice.id)
    assert client.v1.invoices.mark_uncollectible(invoice.id).status == "uncollectible"
    voided = client.v1.invoices.void_invoice(invoice.id)
    assert (voided.status, voided.status_transitions.voided_at is None) == ("void", False)
    assert seen()[-5:] == [
        "invoice.marked_uncollectible",
        "invoice.updated",
        "payment_intent.canceled",
        "invoice.voided",
        "invoice.updated",
    ]
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert payment.status == "canceled"
    assert client.v1.payment_intents.retrieve(payment.payment.payment_intent).cancellation_reason == "void_invoice"
    with pytest.raises(stripe.InvalidRequestError, match="voided"):
        client.v1.invoices.pay(invoice.id)


def test_a_sent_invoice(client, customer, seen):
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        draft(client, customer.id, 100, collection_method="send_invoice")
    invoice = draft(client, customer.id, 2000, collection_method="send_invoice", days_until_due=7)
    assert invoice.due_date == invoice.created + 7 * 86400
    assert client.v1.invoices.send_invoice(invoice.id).status == "open"
    assert seen()[-1] == "invoice.sent"
    charged = draft(client, customer.id, 2000)
    with pytest.raises(stripe.InvalidRequestError, match="send_invoice"):
        client.v1.invoices.send_invoice(charged.id)


def test_only_drafts_change_and_are_deleted(client, customer, seen, previous):
    invoice = draft(client, customer.id, 2000)
    client.v1.invoices.update(invoice.id, {"description": "d", "metadata": {"foo": "bar"}})
    assert previous("invoice.updated") == {"description": None, "metadata": {"foo": None}}
    assert client.v1.invoices.delete(invoice.id).deleted is True
    assert seen()[-1] == "invoice.deleted"
    (item,) = client.v1.invoice_items.list({"customer": customer.id, "pending": True}).data
    invoice = draft(client, customer.id)
    assert invoice.lines.data[0].parent.invoice_item_details.invoice_item == item.id
    client.v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.delete(invoice.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoices.update(invoice.id, {"days_until_due": 3})
    assert caught.value.code == "invoice_not_editable"
    assert client.v1.invoices.update(invoice.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"


def test_items_change_a_draft_and_no_other_invoice(client, customer, seen):
    invoice = draft(client, customer.id, 2000)
    item = client.v1.invoice_items.create(
        {
            "customer": customer.id,
            "invoice": invoice.id,
            "unit_amount_decimal": "12.5",
            "quantity": 3,
            "currency": "usd",
        }
    )
    assert (item.amount, item.quantity) == (38, 3)
    assert differences(item.to_dict()) == []
    assert client.v1.invoices.retrieve(invoice.id).total == 2038
    client.v1.invoice_items.update(item.id, {"quantity": 4, "description": "nails"})
    changed = client.v1.invoices.retrieve(invoice.id)
    assert (changed.total, changed.lines.data[1].description) == (2050, "nails")
    assert [line.amount for line in client.v1.invoices.line_items.list(invoice.id).data] == [2000, 50]
    client.v1.invoice_items.delete(item.id)
    assert client.v1.invoices.retrieve(invoice.id).total == 2000
    assert seen()[-2:] == ["invoiceitem.deleted", "invoice.updated"]
    added = client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 5, "description": "tip"}]})
    assert (added.total, added.lines.data[-1].description) == (2005, "tip")
    client.v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1, "currency": "usd"})
    assert caught.value.code == "invoice_not_editable"


def test_items_by_price(client, customer):
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 333, "product_data": {"name": "Pen"}})
    item = client.v1.invoice_items.create({"customer": customer.id, "pricing": {"price": price.id}, "quantity": 3})
    assert (item.amount, item.pricing.price_details.product) == (999, price.product)
    assert item.description == "3 × Pen (at $3.33)"
    monthly = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 333, "product": price.product, "recurring": {"interval": "month"}}
    )
    with pytest.raises(stripe.InvalidRequestError, match="type=one_time"):
        client.v1.invoice_items.create({"customer": customer.id, "pricing": {"price": monthly.id}})
    dated = {"created": {"gte": item.date, "lte": item.date}}
    assert [one.id for one in client.v1.invoice_items.list(dated).data] == [item.id]
    assert client.v1.invoice_items.list({"created": item.date + 1}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="one of"):
        client.v1.invoice_items.create({"customer": customer.id})


@pytest.mark.parametrize(
    ("amounts", "coupon", "inclusive", "percentage", "discounted", "tax", "total"),
    [
        ([1000], {"percent_off": "12.5"}, False, "19", [125], 166, 1041),
        ([333, 333, 334], {"percent_off": "50"}, False, "0", [167, 166, 167], 0, 500),
        ([999, 1], {"amount_off": 500, "currency": "usd"}, False, "10", [500, 0], 50, 550),
        ([1000], {"amount_off": 5000, "currency": "usd"}, False, "10", [1000], 0, 0),
        ([1190], {"percent_off": "0.01"}, True, "19", [0], 190, 1190),
        ([1005], {"percent_off": "10"}, True, "7.7", [101], 65, 904),
    ],
)
def test_amounts_are_exact(client, customer, amounts, coupon, inclusive, percentage, discounted, tax, total):
    made = client.v1.coupons.create(coupon)
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": inclusive})
    invoice = draft(
        client,
        customer.id,
        *amounts,
        discounts=[{"coupon": made.id}],
        default_tax_rates=[rate.id],
        expand=["discounts"],
    )
    assert [line.discount_amounts[0].amount for line in invoice.lines.data] == discounted
    assert invoice.total_discount_amounts[0].amount == sum(discounted)
    assert invoice.total_taxes[0].amount == tax == sum(line.taxes[0].amount for line in invoice.lines.data)
    assert (invoice.subtotal, invoice.total) == (sum(amounts), total)
    assert invoice.total_excluding_tax == total - tax
    assert invoice.discounts[0].source.coupon == made.id
    assert client.v1.coupons.retrieve(made.id).times_redeemed == 1


def test_exempt_customers_pay_no_tax(client):
    exempt = client.v1.customers.create({"tax_exempt": "reverse"})
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    invoice = draft(client, exempt.id, 1000, default_tax_rates=[rate.id])
    assert (invoice.total, invoice.total_taxes[0].taxability_reason) == (1000, "reverse_charge")


def test_a_customers_discount_applies_until_it_is_taken_away(client, seen, previous):
    first, second = (client.v1.coupons.create({"percent_off": n, "duration": "forever"}) for n in (20, 30))
    version = {"stripe_version": "2026-08-26.dahlia"}
    customer = client.raw_request("post", "/v1/customers", coupon=first.id, **version).data["id"]
    assert draft(client, customer, 1000).total == 800
    client.raw_request("post", f"/v1/customers/{customer}", coupon=second.id, **version)
    assert previous("customer.discount.updated")["source"] == {"coupon": first.id, "type": "coupon"}
    assert draft(client, customer, 1000).total == 700
    assert draft(client, customer, 1000, discounts="").total == 1000
    client.raw_request("post", f"/v1/customers/{customer}", coupon="", **version)
    assert seen()[-1] == "customer.discount.deleted"
    assert client.v1.customers.retrieve(customer).discount is None
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        client.raw_request("post", "/v1/customers", coupon="none", **version)


@pytest.mark.parametrize(
    ("balance", "amount", "due", "left"),
    [(-500, 2000, 1500, 0), (-5000, 2000, 0, -3000), (300, 2000, 2300, 0), (0, 30, 0, 30), (0, -700, 0, -700)],
)
def test_the_customers_balance_is_applied(client, customer, previous, balance, amount, due, left):
    if balance:
        moved = client.v1.customers.balance_transactions.create(customer.id, {"amount": balance, "currency": "usd"})
        assert moved.ending_balance == balance
    invoice = client.v1.invoices.finalize_invoice(draft(client, customer.id, amount).id)
    assert (invoice.amount_due, invoice.starting_balance, invoice.ending_balance) == (due, balance, left)
    assert client.v1.customers.retrieve(customer.id).balance == left
    if due == 0:
        assert invoice.status == "paid"
    transactions = client.v1.customers.balance_transactions.list(customer.id).data
    assert sum(one.amount for one in transactions) == left
    assert all(differences(one.to_dict()) == [] for one in transactions)


def test_credit_applies_once(client, customer):
    client.v1.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "usd"})
    assert [client.v1.invoices.pay(draft(client, customer.id, 1000).id).amount_paid for _ in range(2)] == [500, 1000]


def test_a_coupon_runs_out(client, customer):
    coupon = client.v1.coupons.create({"percent_off": 10, "max_redemptions": 1})
    draft(client, customer.id, 1000, discounts=[{"coupon": coupon.id}])
    assert client.v1.coupons.retrieve(coupon.id).valid is False
    with pytest.raises(stripe.InvalidRequestError) as caught:
        draft(client, customer.id, 1000, discounts=[{"coupon": coupon.id}])
    assert caught.value.code == "coupon_expired"


def test_invoices_are_listed_and_found(client, customer):
    first, second = draft(client, customer.id, 100), draft(client, customer.id, 200)
    client.v1.invoices.finalize_invoice(second.id)
    assert [one.id for one in client.v1.invoices.list({"customer": customer.id}).data] == [second.id, first.id]
    assert [one.id for one in client.v1.invoices.list({"status": "draft"}).data] == [first.id]
    assert [one.id for one in client.v1.invoices.search({"query": 'status:"open"'}).data] == [second.id]


def test_tax_ids(client, customer, seen):
    tax_id = client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    assert (tax_id.country, tax_id.owner.customer) == ("DE", customer.id)
    assert differences(tax_id.to_dict()) == []
    assert draft(client, customer.id, 100).customer_tax_ids[0].value == "DE123456789"
    assert client.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]}).tax_ids.data[0].id == tax_id.id
    assert client.v1.customers.tax_ids.delete(customer.id, tax_id.id).deleted is True
    assert client.v1.customers.tax_ids.list(customer.id).data == []
    assert [type for type in seen() if "tax_id" in type] == ["customer.tax_id.created", "customer.tax_id.deleted"]
    with_one = client.v1.customers.create({"tax_id_data": [{"type": "eu_vat", "value": "IT12345678901"}]})
    assert client.v1.customers.tax_ids.list(with_one.id).data[0].country == "IT"
    own = client.v1.tax_ids.create({"type": "eu_vat", "value": "FR12345678901"})
    assert [one.id for one in client.v1.tax_ids.list().data] == [own.id]


def test_an_invoice_that_advances_by_itself(client, customer, control):
    invoice = draft(client, customer.id, 2000, auto_advance=True)
    assert invoice.automatically_finalizes_at == invoice.created + 3600
    control.post("clock/advance", seconds=3601)
    wait_for(lambda: client.v1.invoices.retrieve(invoice.id).status == "paid")
