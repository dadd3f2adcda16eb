"""Changes of subscriptions that wait until they are paid for."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.billing.steps import recurring

HOUR = 3600


@pytest.fixture
def cheap(client):
    return recurring(client, unit_amount=1000)


@pytest.fixture
def dear(client):
    return recurring(client, unit_amount=5000)


@pytest.fixture
def subscription(client, customer, cheap):
    return client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": cheap.id}]})


@pytest.fixture
def upgrade(client, subscription, dear):
    def make(**params):
        given = {
            "items": [{"id": subscription["items"].data[0].id, "price": dear.id, "quantity": 2}],
            "payment_behavior": "pending_if_incomplete",
            "proration_behavior": "always_invoice",
        }
        return client.v1.subscriptions.update(subscription.id, {**given, **params})

    return make


@pytest.fixture
def refusing(client, customer):
    """From now on the customer's card is refused; gives the one that works."""
    good = client.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method
    bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    return good


def price_of(subscription):
    return subscription["items"].data[0].price.id


def test_what_is_paid_takes_effect_at_once(client, upgrade, dear, seen):
    updated = upgrade()
    assert (price_of(updated), updated.pending_update, updated.status) == (dear.id, None, "active")
    assert not [type for type in seen() if "pending_update" in type]


def test_what_is_not_paid_waits_and_takes_effect_once_it_is(
    client, subscription, upgrade, cheap, dear, refusing, seen, previous
):
    waiting = upgrade()
    assert (price_of(waiting), waiting.status) == (cheap.id, "active")
    pending = waiting.pending_update
    assert pending.subscription_items[0].price.id == dear.id and pending.subscription_items[0].quantity == 2
    assert previous("customer.subscription.updated")["pending_update"] is None
    assert differences(waiting.to_dict()) == []
    assert client.v1.invoices.retrieve(waiting.latest_invoice).status == "open"
    client.v1.invoices.pay(waiting.latest_invoice, {"payment_method": refusing})
    updated = client.v1.subscriptions.retrieve(subscription.id)
    assert (price_of(updated), updated["items"].data[0].quantity, updated.pending_update) == (dear.id, 2, None)
    assert updated.status == "active"
    assert seen().count("customer.subscription.pending_update_applied") == 1
    assert (
        previous("customer.subscription.pending_update_applied")["pending_update"]["expires_at"] == pending.expires_at
    )


def test_a_challenge_is_awaited_too(client, customer, subscription, upgrade, dear, control):
    card = client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    waiting = upgrade(expand=["latest_invoice.payments"])
    assert waiting.status == "active" and waiting.pending_update is not None
    intent = waiting.latest_invoice.payments.data[0].payment.payment_intent
    control.post(f"payment_intents/{intent}/authenticate", outcome="succeed")
    assert price_of(client.v1.subscriptions.retrieve(subscription.id)) == dear.id


def test_it_lapses_after_23_hours(client, subscription, upgrade, cheap, refusing, control, seen):
    waiting = upgrade()
    control.post("clock/advance", seconds=23 * HOUR - 60)
    assert client.v1.subscriptions.retrieve(subscription.id).pending_update is not None
    control.post("clock/advance", seconds=61)
    lapsed = client.v1.subscriptions.retrieve(subscription.id)
    assert (lapsed.pending_update, price_of(lapsed), lapsed.status) == (None, cheap.id, "active")
    assert client.v1.invoices.retrieve(waiting.latest_invoice).status == "void"
    assert seen().count("customer.subscription.pending_update_expired") == 1
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.pay(waiting.latest_invoice, {"payment_method": refusing})


def test_items_that_it_would_add_come_with_it(client, subscription, upgrade, refusing):
    other = recurring(client, unit_amount=700)
    waiting = upgrade(items=[{"price": other.id}])
    assert len(client.v1.subscription_items.list({"subscription": subscription.id}).data) == 1
    client.v1.invoices.pay(waiting.latest_invoice, {"payment_method": refusing})
    items = client.v1.subscription_items.list({"subscription": subscription.id}).data
    assert {item.price.id for item in items} >= {other.id} and len(items) == 2


def test_a_new_change_takes_its_place(client, subscription, upgrade, dear, refusing, seen, customer):
    first = upgrade()
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": refusing}})
    updated = upgrade()
    assert price_of(updated) == dear.id and updated.latest_invoice != first.latest_invoice
    assert client.v1.invoices.retrieve(first.latest_invoice).status == "void"
    assert seen().count("customer.subscription.pending_update_expired") == 1


def test_it_ends_with_its_subscription(client, subscription, upgrade, refusing, control, seen):
    upgrade()
    client.v1.subscriptions.cancel(subscription.id)
    control.post("clock/advance", seconds=24 * HOUR)
    assert "customer.subscription.pending_update_expired" not in seen()


@pytest.mark.parametrize("params", [{"metadata": {"a": "b"}}, {"cancel_at_period_end": True}, {"description": "x"}])
def test_some_settings_cannot_wait(client, subscription, upgrade, params):
    with pytest.raises(stripe.InvalidRequestError, match="pending updates") as caught:
        upgrade(**params)
    assert caught.value.param == next(iter(params))
    assert client.v1.subscriptions.retrieve(subscription.id).latest_invoice == subscription.latest_invoice
