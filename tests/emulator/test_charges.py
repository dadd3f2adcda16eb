from __future__ import annotations

import pytest
import requests
import stripe

from tests.emulator.steps import pay


def test_a_charge_describes_the_payment(client, emulator):
    customer = client.v1.customers.create({})
    intent = pay(client, "pm_card_amex", customer=customer.id, receipt_email="ada@example.com")
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.payment_intent, charge.customer, charge.receipt_email) == (
        intent.id,
        customer.id,
        "ada@example.com",
    )
    assert (charge.outcome.type, charge.outcome.network_status) == ("authorized", "approved_by_network")
    assert (charge.paid, charge.captured, charge.refunded, charge.disputed) == (True, True, False, False)
    booked = client.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (booked.amount, booked.fee, booked.net, booked.source) == (2000, 88, 1912, charge.id)
    assert charge.receipt_url.startswith(f"{emulator.url}/receipts/")


def test_the_receipt_can_be_read(client):
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    url = client.v1.charges.retrieve(intent.latest_charge).receipt_url
    page = requests.get(url, timeout=5)
    assert page.status_code == 200 and "$20.00 usd" in page.text and "$5.00 usd" in page.text
    assert requests.get(f"{url}x", timeout=5).status_code == 404


def test_a_charge_is_changed_and_listed(client, control):
    intent = pay(client)
    pay(client)
    client.v1.charges.update(intent.latest_charge, {"description": "seen", "metadata": {"a": "b"}})
    listed = client.v1.charges.list({"payment_intent": intent.id}).data
    assert [(one.id, one.description) for one in listed] == [(intent.latest_charge, "seen")]
    assert len(client.v1.charges.list().data) == 2
    assert control.events(intent.id)[-1] == "charge.updated"


class TestTheOldWay:
    def test_a_token_is_charged(self, client, control):
        charge = client.v1.charges.create({"amount": 2000, "currency": "usd", "source": "tok_visa"})
        assert (charge.status, charge.captured, charge.payment_intent) == ("succeeded", True, None)
        assert control.events(charge.id) == ["charge.succeeded"]

    def test_a_declining_token_declines(self, client, control):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.charges.create({"amount": 2000, "currency": "usd", "source": "tok_chargeDeclinedExpiredCard"})
        assert caught.value.code == "expired_card"
        assert control.events(caught.value.error.charge) == ["charge.failed"]

    def test_a_charge_is_captured_later_once(self, client, control):
        charge = client.v1.charges.create({"amount": 2000, "currency": "usd", "source": "tok_visa", "capture": False})
        assert (charge.captured, charge.balance_transaction) == (False, None)
        taken = client.v1.charges.capture(charge.id, {"amount": 1500})
        assert (taken.captured, taken.amount_captured) == (True, 1500)
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.charges.capture(charge.id)
        assert caught.value.code == "charge_already_captured"
        assert control.events(charge.id) == ["charge.succeeded", "charge.captured"]

    def test_an_intents_charge_is_captured_by_the_intent(self, client):
        intent = pay(client, capture_method="manual")
        with pytest.raises(stripe.InvalidRequestError, match="PaymentIntent"):
            client.v1.charges.capture(intent.latest_charge)

    @pytest.mark.parametrize("missing", ["amount", "currency", "source"])
    def test_what_is_missing_is_named(self, client, missing):
        params = {"amount": 2000, "currency": "usd", "source": "tok_visa"}
        del params[missing]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.charges.create(params)
        assert (caught.value.param, caught.value.code) == (missing, "parameter_missing")


def test_the_balance_is_what_was_paid_less_fees_and_refunds(client):
    for amount in (1000, 2000):
        pay(client, amount=amount)
    refunded = pay(client, amount=3000)
    client.v1.refunds.create({"payment_intent": refunded.id})
    pay(client, amount=5000, currency="jpy")
    balance = client.v1.balance.retrieve()
    entries = {entry.currency: entry.amount for entry in balance.pending}
    booked = client.v1.balance_transactions.list({"currency": "usd"}).data
    assert [one.type for one in booked] == ["refund", "charge", "charge", "charge"]
    assert entries["usd"] == sum(one.net for one in booked) == 3000 - sum(one.fee for one in booked)
    assert set(entries) == {"usd", "jpy"}


def test_the_account_is_known(client, emulator):
    assert client.v1.accounts.retrieve_current().id == emulator.keys.account
    assert client.v1.accounts.retrieve(emulator.keys.account).charges_enabled is True
    with pytest.raises(stripe.PermissionError) as caught:
        client.v1.accounts.retrieve("acct_other")
    assert caught.value.http_status == 403
