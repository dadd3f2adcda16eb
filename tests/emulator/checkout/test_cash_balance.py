"""Bank transfers: what arrives pays what is open, and the rest stays available."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences


@pytest.fixture
def customer(client):
    return client.v1.customers.create()


@pytest.fixture
def fund(client, customer):
    return lambda amount, currency="eur": client.v1.test_helpers.customers.fund_cash_balance(
        customer.id, {"amount": amount, "currency": currency}
    )


@pytest.fixture
def transfer(client, customer):
    def confirm(amount=2000, currency="eur"):
        return client.v1.payment_intents.create(
            {
                "amount": amount,
                "currency": currency,
                "customer": customer.id,
                "allowed_payment_method_types": ["customer_balance"],
                "payment_method_data": {"type": "customer_balance"},
                "payment_method_options": {"customer_balance": {"funding_type": "bank_transfer"}},
                "confirm": True,
            }
        )

    return confirm


def available(client, customer):
    found = client.v1.customers.cash_balance.retrieve(customer.id)
    assert differences(found.to_dict()) == []
    return found.available.to_dict() if found.available else {}


def test_money_waits_for_payments(client, customer, fund, transfer, seen):
    entry = fund(5000)
    assert (entry.type, entry.net_amount, entry.ending_balance) == ("funded", 5000, 5000)
    assert differences(entry.to_dict()) == []
    assert available(client, customer) == {"eur": 5000}
    assert seen()[-2:] == ["customer_cash_balance_transaction.created", "cash_balance.funds_available"]
    paid = transfer()
    assert (paid.status, paid.amount_received) == ("succeeded", 2000)
    assert available(client, customer) == {"eur": 3000}


@pytest.mark.parametrize("currency", ["usd", "eur", "gbp", "jpy", "mxn"])
def test_payments_wait_for_money(client, customer, fund, transfer, seen, currency):
    intent = transfer(20000, currency)
    told = intent.next_action.display_bank_transfer_instructions
    assert (intent.status, told.amount_remaining, told.currency) == ("requires_action", 20000, currency)
    assert differences(intent.to_dict()) == []
    fund(15000, currency)
    half = client.v1.payment_intents.retrieve(intent.id)
    remaining = half.next_action.display_bank_transfer_instructions
    assert (half.status, remaining.amount_remaining) == ("requires_action", 5000)
    assert remaining.reference == told.reference
    assert "payment_intent.partially_funded" in seen() and "cash_balance.funds_available" not in seen()
    fund(6000, currency)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert available(client, customer) == {currency: 1000}
    assert seen()[-3:] == ["charge.succeeded", "payment_intent.succeeded", "cash_balance.funds_available"]
    entries = client.v1.customers.cash_balance_transactions.list(customer.id).data
    assert [one.net_amount for one in entries] == [-5000, 6000, -15000, 15000]
    assert client.v1.customers.cash_balance_transactions.retrieve(customer.id, entries[0].id) == entries[0]


def test_the_oldest_payment_comes_first(client, customer, fund, transfer, seen):
    first, second = transfer(), transfer()
    fund(2000)
    states = [client.v1.payment_intents.retrieve(intent.id).status for intent in (first, second)]
    assert states == ["succeeded", "requires_action"]
    assert "payment_intent.partially_funded" not in seen()
    assert len(client.v1.customers.cash_balance_transactions.list(customer.id).data) == 2


def test_the_instructions_have_a_page(client, customer, transfer, surf):
    intent = transfer()
    address = intent.next_action.display_bank_transfer_instructions.hosted_instructions_url
    surf(address.replace("?", "/succeed?"))
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert available(client, customer) == {"eur": 0}


def test_by_hand(client, customer, fund, transfer):
    settings = client.v1.customers.cash_balance.update(customer.id, {"settings": {"reconciliation_mode": "manual"}})
    assert settings.settings.to_dict() == {"reconciliation_mode": "manual", "using_merchant_default": False}
    intent = transfer()
    fund(5000)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.apply_customer_balance(intent.id, {"amount": 6000})
    assert client.v1.payment_intents.apply_customer_balance(intent.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.apply_customer_balance(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(("amount", "currency", "param"), [(0, "eur", "amount"), (5, "chf", "currency")])
def test_what_cannot_arrive(fund, amount, currency, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fund(amount, currency)
    assert caught.value.param == param


def test_a_transfer_needs_a_customer(client):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create(
            {
                "amount": 2000,
                "currency": "eur",
                "allowed_payment_method_types": ["customer_balance"],
                "payment_method_data": {"type": "customer_balance"},
                "confirm": True,
            }
        )
    assert caught.value.param == "customer"
