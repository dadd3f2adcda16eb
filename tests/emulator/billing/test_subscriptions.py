"""Subscriptions: how they begin, change, pause and end; their invoices and events."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import draft, recurring
from tests.emulator.steps import wait_for

DAY = 86400


def subscribe(client, customer, *prices, **params):
    return client.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price.id} for price in prices], **params}
    )


def test_a_subscription_is_paid_and_active(client, customer, seen):
    price = recurring(client)
    before = len(seen())
    subscription = subscribe(client, customer.id, price, expand=["latest_invoice.payments", "items.data.price.product"])
    (item,) = subscription["items"].data
    assert (subscription.status, subscription.currency, item.quantity) == ("active", "usd", 1)
    assert 28 * DAY <= item.current_period_end - item.current_period_start <= 31 * DAY
    assert (item.plan.id, item.price.product.name) == (price.id, "Gold")
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.billing_reason, invoice.total) == ("paid", "subscription_create", 1500)
    assert invoice.parent.subscription_details.subscription == subscription.id
    line = invoice.lines.data[0]
    assert line.parent.subscription_item_details.subscription_item == item.id
    assert (line.description, line.period.end) == ("1 × Gold (at $15.00 / month)", item.current_period_end)
    assert differences(client.v1.subscriptions.retrieve(subscription.id).to_dict()) == []
    assert seen()[before:] == [
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
        "customer.subscription.created",
    ]
    found = client.v1.customers.retrieve(customer.id, {"expand": ["subscriptions"]}).subscriptions.data
    assert [one.id for one in found] == [subscription.id]


def test_default_incomplete_waits_for_the_customer(client, browser, seen, previous):
    poor = client.v1.customers.create()
    subscription = subscribe(
        client,
        poor.id,
        recurring(client),
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.confirmation_secret"],
    )
    assert subscription.status == "incomplete"
    secret = subscription.latest_invoice.confirmation_secret.client_secret
    browser.v1.payment_intents.confirm(
        secret.partition("_secret_")[0], {"client_secret": secret, "payment_method": "pm_card_visa"}
    )
    active = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["default_payment_method"]})
    assert (active.status, active.default_payment_method.card.last4) == ("active", "4242")
    assert previous("customer.subscription.updated") == {"status": "incomplete", "default_payment_method": None}


def test_a_refused_first_payment(client, seen, control):
    poor = client.v1.customers.create({"payment_method": "pm_card_chargeCustomerFail"})
    bad = client.v1.customers.payment_methods.list(poor.id).data[0].id
    price = recurring(client)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        subscribe(client, poor.id, price)
    assert caught.value.code == "resource_missing"
    subscription = subscribe(client, poor.id, price, default_payment_method=bad)
    assert subscription.status == "incomplete"
    assert seen()[-2:] == ["invoice.payment_failed", "customer.subscription.created"]
    with pytest.raises(stripe.CardError) as caught:
        subscribe(client, poor.id, price, default_payment_method=bad, payment_behavior="error_if_incomplete")
    assert caught.value.code == "card_declined"
    assert [one.id for one in client.v1.subscriptions.list({"customer": poor.id}).data] == [subscription.id]
    control.post("clock/advance", seconds=23 * 3600 + 5)
    wait_for(lambda: client.v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired")
    expired = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert expired.latest_invoice.status == "void"


def test_the_first_payment_needs_authentication(client, control, seen):
    careful = client.v1.customers.create({"payment_method": "pm_card_threeDSecure2Required"})
    method = client.v1.customers.payment_methods.list(careful.id).data[0].id
    subscription = subscribe(
        client, careful.id, recurring(client), default_payment_method=method, expand=["latest_invoice.payments"]
    )
    assert subscription.status == "incomplete"
    assert "invoice.payment_action_required" in seen()
    intent = subscription.latest_invoice.payments.data[0].payment.payment_intent
    control.post(f"payment_intents/{intent}/authenticate", outcome="succeed")
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_card_of_the_older_kind_pays(client):
    holder = client.v1.customers.create({"source": "tok_visa"})
    assert subscribe(client, holder.id, recurring(client)).status == "active"


def test_a_trial_costs_nothing(client, seen):
    poor = client.v1.customers.create()
    subscription = subscribe(client, poor.id, recurring(client), trial_period_days=14, expand=["latest_invoice"])
    assert (subscription.status, subscription.latest_invoice.status) == ("trialing", "paid")
    assert subscription.trial_end - subscription.trial_start == 14 * DAY
    assert subscription["items"].data[0].current_period_end == subscription.trial_end
    assert subscription.latest_invoice.lines.data[0].amount == 0
    assert "customer.subscription.trial_will_end" not in seen()
    subscribe(client, poor.id, recurring(client), trial_period_days=2)
    assert seen().count("customer.subscription.trial_will_end") == 1


def test_a_trial_collects_what_it_will_be_paid_with(client, browser, previous):
    poor = client.v1.customers.create()
    subscription = subscribe(
        client,
        poor.id,
        recurring(client),
        trial_period_days=14,
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["pending_setup_intent"],
    )
    intent = subscription.pending_setup_intent
    assert (intent.status, intent.customer) == ("requires_payment_method", poor.id)
    browser.v1.setup_intents.confirm(
        intent.id,
        {
            "client_secret": intent.client_secret,
            "payment_method": "pm_card_visa",
            "return_url": "https://example.com/",
        },
    )
    ready = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["default_payment_method"]})
    assert (ready.pending_setup_intent, ready.default_payment_method.customer) == (None, poor.id)
    assert previous("customer.subscription.updated") == {
        "default_payment_method": None,
        "pending_setup_intent": intent.id,
    }


def test_a_trial_that_ends_with_nothing_to_pay_is_paused_and_resumed(client, seen, previous):
    poor = client.v1.customers.create()
    subscription = subscribe(
        client,
        poor.id,
        recurring(client),
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    paused = client.v1.subscriptions.update(subscription.id, {"trial_end": "now"})
    assert (paused.status, seen()[-2:]) == ("paused", ["customer.subscription.updated", "customer.subscription.paused"])
    assert previous("customer.subscription.updated")["status"] == "trialing"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscriptions.resume(subscription.id)
    assert caught.value.code == "resource_missing"
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": poor.id})
    client.v1.customers.update(poor.id, {"invoice_settings": {"default_payment_method": method.id}})
    resumed = client.v1.subscriptions.resume(subscription.id, {"billing_cycle_anchor": {"type": "now"}})
    assert resumed.status == "active"
    assert "customer.subscription.resumed" in seen()
    with pytest.raises(stripe.InvalidRequestError, match="paused"):
        client.v1.subscriptions.resume(subscription.id)


def test_a_trial_is_ended_early(client, customer, previous):
    subscription = subscribe(client, customer.id, recurring(client), trial_period_days=7)
    active = client.v1.subscriptions.update(subscription.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (active.status, active.latest_invoice.total, active.latest_invoice.status) == ("active", 1500, "paid")
    assert previous("customer.subscription.updated")["status"] == "trialing"


def test_a_change_of_price_is_prorated(client, customer, seen, previous):
    cheap, dear = recurring(client, 1000), recurring(client, 3000)
    subscription = subscribe(client, customer.id, cheap)
    (item,) = subscription["items"].data
    middle = (item.current_period_start + item.current_period_end) // 2
    client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item.id, "price": dear.id, "quantity": 2}], "proration_date": middle}
    )
    changed = previous("customer.subscription.updated")
    assert changed["items"]["data"][0]["price"]["id"] == cheap.id
    pending = client.v1.invoice_items.list({"customer": customer.id, "pending": True}).data
    assert sorted(one.amount for one in pending) == [-500, 3000]
    assert all(one.proration and one.parent.subscription_details.subscription == subscription.id for one in pending)
    assert [one.description.partition(" ")[0] for one in pending] == ["Remaining", "Unused"]
    preview = client.v1.invoices.create_preview({"subscription": subscription.id})
    assert (preview.total, [line.amount for line in preview.lines.data]) == (8500, [-500, 3000, 6000])
    assert seen()[-3:] == ["invoiceitem.created", "invoiceitem.created", "customer.subscription.updated"]


def test_a_change_is_invoiced_at_once_or_not_at_all(client, customer, seen):
    cheap, dear, yearly = (
        recurring(client, 1000),
        recurring(client, 3000),
        recurring(client, 9000, recurring={"interval": "year"}),
    )
    subscription = subscribe(client, customer.id, cheap)
    (item,) = subscription["items"].data
    middle = (item.current_period_start + item.current_period_end) // 2
    changed = client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item.id, "price": dear.id}],
            "proration_date": middle,
            "proration_behavior": "always_invoice",
            "expand": ["latest_invoice"],
        },
    )
    invoice = changed.latest_invoice
    assert (invoice.billing_reason, invoice.total, invoice.status) == ("subscription_update", 1000, "paid")
    client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item.id, "price": cheap.id}], "proration_behavior": "none"}
    )
    assert client.v1.invoice_items.list({"customer": customer.id, "pending": True}).data == []
    restarted = client.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": item.id, "price": yearly.id}], "proration_behavior": "none", "expand": ["latest_invoice"]},
    )
    assert restarted.latest_invoice.total == 9000
    period = restarted["items"].data[0]
    assert period.current_period_end - period.current_period_start >= 365 * DAY


def test_a_refused_change_leaves_all_as_it_was(client, customer, seen):
    cheap, dear = recurring(client, 1000), recurring(client, 3000)
    subscription = subscribe(client, customer.id, cheap)
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    change = {
        "items": [{"id": subscription["items"].data[0].id, "price": dear.id}],
        "proration_behavior": "always_invoice",
        "default_payment_method": bad.id,
    }
    with pytest.raises(stripe.CardError):
        client.v1.subscriptions.update(subscription.id, {**change, "payment_behavior": "error_if_incomplete"})
    same = client.v1.subscriptions.retrieve(subscription.id)
    assert (same.status, same["items"].data[0].price.id, same.default_payment_method) == ("active", cheap.id, None)
    assert client.v1.invoice_items.list({"customer": customer.id, "pending": True}).data == []
    changed = client.v1.subscriptions.update(subscription.id, change)
    assert (changed.status, changed["items"].data[0].price.id) == ("past_due", dear.id)
    client.v1.invoices.pay(changed.latest_invoice, {"payment_method": _good(client, customer.id)})
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def _good(client, customer):
    return client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id


def test_items_by_themselves(client, customer, seen):
    first, second = recurring(client, 1000), recurring(client, 500)
    subscription = subscribe(client, customer.id, first)
    item = client.v1.subscription_items.create({"subscription": subscription.id, "price": second.id, "quantity": 3})
    assert differences(item.to_dict()) == []
    assert seen()[-1] == "customer.subscription.updated"
    assert client.v1.subscription_items.update(item.id, {"quantity": 5, "metadata": {"a": "b"}}).quantity == 5
    listed = client.v1.subscription_items.list({"subscription": subscription.id}).data
    assert [one.id for one in listed] == [item.id, subscription["items"].data[0].id]
    assert client.v1.subscription_items.delete(item.id, {"proration_behavior": "none"}).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="at least one"):
        client.v1.subscription_items.delete(subscription["items"].data[0].id)


def test_canceling(client, customer, seen, previous):
    subscription = subscribe(client, customer.id, recurring(client))
    later = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert later.cancel_at == later["items"].data[0].current_period_end
    assert previous("customer.subscription.updated")["cancel_at_period_end"] is False
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    gone = client.v1.subscriptions.cancel(subscription.id, {"cancellation_details": {"feedback": "unused"}})
    assert (gone.status, gone.cancellation_details.reason) == ("canceled", "cancellation_requested")
    assert gone.cancellation_details.feedback == "unused" and gone.ended_at is not None
    assert seen()[-1] == "customer.subscription.deleted"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscriptions.cancel(subscription.id)
    assert caught.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscriptions.update(subscription.id, {"description": "d"})
    assert caught.value.code == "invalid_canceled_subscription_fields"
    client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
    assert client.v1.subscriptions.list({"customer": customer.id}).data == []
    for status in ("all", "canceled", "ended"):
        assert [one.id for one in client.v1.subscriptions.list({"status": status}).data] == [subscription.id]


def test_canceling_with_a_last_invoice(client, customer):
    subscription = subscribe(client, customer.id, recurring(client, 3100))
    gone = client.v1.subscriptions.cancel(
        subscription.id, {"prorate": True, "invoice_now": True, "expand": ["latest_invoice"]}
    )
    credit = -gone.latest_invoice.total
    assert 0 < credit <= 3100
    assert client.v1.customers.retrieve(customer.id).balance == -credit


def test_discounts_and_taxes_of_a_subscription(client, customer):
    once = client.v1.coupons.create({"percent_off": 50})
    code = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": once.id}})
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False})
    subscription = subscribe(
        client,
        customer.id,
        recurring(client, 1000),
        discounts=[{"promotion_code": code.id}],
        default_tax_rates=[rate.id],
        expand=["latest_invoice"],
    )
    assert subscription.latest_invoice.total == 600
    assert subscription.discounts == []  # it was for one invoice
    assert client.v1.promotion_codes.retrieve(code.id).times_redeemed == 1
    assert client.v1.invoices.create_preview({"subscription": subscription.id}).total == 1200


def test_a_subscription_that_is_billed_by_mail(client, customer):
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        subscribe(client, customer.id, recurring(client), collection_method="send_invoice")
    subscription = subscribe(
        client,
        customer.id,
        recurring(client),
        collection_method="send_invoice",
        days_until_due=7,
        expand=["latest_invoice"],
    )
    assert (subscription.status, subscription.latest_invoice.status) == ("active", "draft")
    assert subscription.latest_invoice.due_date == subscription.latest_invoice.created + 7 * DAY


def test_the_cycle_begins_later(client, customer):
    price = recurring(client, 3000)
    now = client.v1.customers.create().created
    subscription = subscribe(client, customer.id, price, billing_cycle_anchor=now + 10 * DAY, expand=["latest_invoice"])
    assert subscription["items"].data[0].current_period_end == now + 10 * DAY
    assert 960 <= subscription.latest_invoice.total <= 1072  # ten days of 28 to 31
    free = subscribe(
        client,
        customer.id,
        price,
        billing_cycle_anchor=now + 10 * DAY,
        proration_behavior="none",
        expand=["latest_invoice"],
    )
    assert free.latest_invoice.total == 0


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "items"),
        ({"items": [{"quantity": 1}]}, "items[0][price]"),
        ({"items": [{"price": "none"}]}, "items[0][price]"),
        ({"items": "P", "trial_end": 1}, "trial_end"),
        ({"items": "P", "trial_period_days": -1}, "trial_period_days"),
        ({"items": "P", "cancel_at": 1}, "cancel_at"),
        ({"items": "P", "billing_cycle_anchor": 1}, "billing_cycle_anchor"),
        ({"items": "P", "days_until_due": 3}, "days_until_due"),
        ({"items": "P", "default_payment_method": "pm_card_visa"}, "default_payment_method"),
        ({"items": "P", "discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
        ({"items": "P", "default_tax_rates": ["none"]}, "default_tax_rates[0]"),
        ({"items": "P", "payment_behavior": "pending_if_incomplete"}, "payment_behavior"),
    ],
)
def test_subscriptions_that_make_no_sense_are_refused(client, customer, params, param):
    items = [{"price": recurring(client).id}] if params.get("items") == "P" else params.get("items")
    wanted = {**params, "customer": customer.id, **({"items": items} if items else {})}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.subscriptions.create(wanted)
    assert caught.value.param == param
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.invoices.list().data == []


def test_prices_that_do_not_go_together(client, customer):
    monthly, weekly = recurring(client), recurring(client, recurring={"interval": "week"})
    once = client.v1.prices.create({"currency": "usd", "unit_amount": 1, "product": monthly.product})
    for prices, message in (((monthly, weekly), "interval"), ((monthly, monthly), "same plan"), ((once,), "recurring")):
        with pytest.raises(stripe.InvalidRequestError, match=message):
            subscribe(client, customer.id, *prices)


@pytest.mark.parametrize(
    ("mode", "quantity", "amount"),
    [("graduated", 5, 2500), ("graduated", 12, 5000 + 100 + 2 * 400), ("volume", 12, 100 + 12 * 400)],
)
def test_tiered_prices(client, customer, mode, quantity, amount):
    price = client.v1.prices.create(
        {
            "currency": "usd",
            "product_data": {"name": "Seats"},
            "recurring": {"interval": "month"},
            "billing_scheme": "tiered",
            "tiers_mode": mode,
            "tiers": [{"up_to": 10, "unit_amount": 500}, {"up_to": "inf", "unit_amount": 400, "flat_amount": 100}],
        }
    )
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id, "quantity": quantity}],
            "expand": ["latest_invoice"],
        }
    )
    assert subscription.latest_invoice.total == amount


def test_packages(client, customer):
    price = recurring(client, 700, transform_quantity={"divide_by": 10, "round": "up"})
    preview = client.v1.invoices.create_preview(
        {"customer": customer.id, "subscription_details": {"items": [{"price": price.id, "quantity": 21}]}}
    )
    assert (preview.total, preview.id.startswith("upcoming_in_")) == (2100, True)
    assert differences(preview.to_dict()) == []
    assert client.v1.invoices.list().data == []


def test_a_preview_needs_something_to_bill(client, customer):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoices.create_preview({"customer": customer.id})
    assert caught.value.code == "invoice_upcoming_none"
    draft(client, customer.id, 100)
    client.v1.invoice_items.create({"customer": customer.id, "amount": 300, "currency": "usd"})
    coupon = client.v1.coupons.create({"percent_off": 10})
    preview = client.v1.invoices.create_preview({"customer": customer.id, "discounts": [{"coupon": coupon.id}]})
    assert preview.total == 270
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 0
