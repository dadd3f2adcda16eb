"""Sources, and the cards and bank accounts that customers hold."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"email": "ada@example.com"})


@pytest.fixture
def hold(client, customer):
    return lambda source, **more: client.v1.customers.payment_sources.create(customer.id, {"source": source, **more})


def default_of(client, customer):
    return client.v1.customers.retrieve(customer.id).default_source


class TestCards:
    def test_held_changed_and_given_up(self, client, customer, hold, seen, previous):
        card = hold("tok_visa")
        assert (card.object, card.brand, card.last4, card.customer) == ("card", "Visa", "4242", customer.id)
        assert differences(card.to_dict()) == []
        assert previous("customer.updated") == {"default_source": None}
        other = hold("tok_mastercard")
        assert default_of(client, customer) == card.id
        changed = client.v1.customers.payment_sources.update(
            customer.id, card.id, {"exp_month": "7", "metadata": {"a": "b"}}
        )
        assert (changed.exp_month, previous("customer.source.updated")) == (
            7,
            {"exp_month": 12, "metadata": {"a": None}},
        )
        listed = client.v1.customers.payment_sources.list(customer.id, {"object": "card"})
        assert [one.id for one in listed.data] == [other.id, card.id]
        assert client.v1.customers.payment_sources.delete(customer.id, card.id).deleted is True
        assert default_of(client, customer) == other.id
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.customers.payment_sources.retrieve(customer.id, card.id)
        assert caught.value.code == "resource_missing"
        assert [type for type in seen() if type.startswith("customer.source")] == [
            "customer.source.created",
            "customer.source.created",
            "customer.source.updated",
            "customer.source.deleted",
        ]

    def test_it_is_a_payment_method_too(self, client, customer, hold):
        card = hold("tok_visa")
        method = client.v1.payment_methods.retrieve(card.id)
        assert (method.type, method.customer) == ("card", customer.id)
        intent = client.v1.payment_intents.create(
            {
                "amount": 700,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": card.id,
                "confirm": True,
                "off_session": True,
            }
        )
        assert intent.status == "succeeded"

    def test_the_default_is_charged(self, client, customer, hold):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.charges.create({"amount": 700, "currency": "usd", "customer": customer.id})
        assert caught.value.code == "missing"
        hold("tok_visa")
        for _ in range(2):
            charge = client.v1.charges.create({"amount": 700, "currency": "usd", "customer": customer.id})
            assert (charge.status, charge.customer) == ("succeeded", customer.id)

    def test_another_ones_card_is_not_charged(self, client, hold):
        card = hold("tok_visa")
        other = client.v1.customers.create({"source": "tok_visa"})
        with pytest.raises(stripe.InvalidRequestError, match="No such source"):
            client.v1.charges.create({"amount": 700, "currency": "usd", "customer": other.id, "source": card.id})

    def test_expanded(self, client, customer, hold):
        card = hold("tok_visa")
        shown = client.v1.customers.retrieve(customer.id, {"expand": ["default_source", "sources"]})
        assert (shown.default_source.object, shown.default_source.id) == ("card", card.id)
        assert [one.id for one in shown.sources.data] == [card.id]

    def test_the_default_is_chosen(self, client, customer, hold):
        hold("tok_visa")
        other = hold("tok_amex")
        client.v1.customers.update(customer.id, {"default_source": other.id})
        assert default_of(client, customer) == other.id
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.customers.update(customer.id, {"default_source": "card_none"})
        assert caught.value.param == "default_source"

    def test_what_cannot_be_held(self, client, hold, customer):
        with pytest.raises(stripe.CardError):
            hold("tok_chargeDeclined")
        with pytest.raises(stripe.InvalidRequestError, match="No such token"):
            hold("tok_none")
        assert client.v1.customers.payment_sources.list(customer.id).data == []


class TestBankAccounts:
    def test_verified_by_micro_deposits(self, client, customer, hold, previous):
        token = client.v1.tokens.create(
            {
                "bank_account": {
                    "country": "US",
                    "currency": "usd",
                    "account_number": "000123456789",
                    "routing_number": "110000000",
                }
            }
        )
        assert differences(token.to_dict()) == []
        account = hold(token.id)
        assert (account.object, account.status, account.last4) == ("bank_account", "new", "6789")
        assert differences(account.to_dict()) == []
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.customers.payment_sources.verify(customer.id, account.id, {"amounts": [1, 2]})
        assert caught.value.code == "bank_account_verification_failed"
        done = client.v1.customers.payment_sources.verify(customer.id, account.id, {"amounts": [32, 45]})
        assert (done.status, previous("customer.source.updated")) == ("verified", {"status": "new"})
        with pytest.raises(stripe.InvalidRequestError) as caught:
            hold(token.id)
        assert caught.value.code == "token_already_used"


class TestSources:
    def test_a_card(self, client, customer, hold, seen):
        source = client.v1.sources.create({"type": "card", "token": "tok_visa"})
        assert (source.status, source.card.last4, source.usage) == ("chargeable", "4242", "reusable")
        assert differences(source.to_dict()) == []
        assert hold(source.id).customer == customer.id
        assert seen()[-3:] == ["source.chargeable", "customer.source.created", "customer.updated"]
        paid = client.v1.charges.create(
            {"amount": 700, "currency": "usd", "customer": customer.id, "source": source.id}
        )
        assert paid.status == "succeeded"
        changed = client.v1.sources.update(source.id, {"metadata": {"a": "b"}, "owner": {"email": "a@example.com"}})
        assert (changed.metadata.to_dict(), changed.owner.email) == ({"a": "b"}, "a@example.com")

    @pytest.mark.parametrize(
        ("outcome", "status", "event"),
        [("succeed", "chargeable", "source.chargeable"), ("fail", "failed", "source.failed")],
    )
    def test_a_redirect(self, client, surf, seen, outcome, status, event):
        source = client.v1.sources.create(
            {"type": "ideal", "amount": 700, "currency": "eur", "redirect": {"return_url": "https://shop.example/back"}}
        )
        assert (source.status, source.flow, differences(source.to_dict())) == ("pending", "redirect", [])
        assert "Authorize test payment" in surf(source.redirect.url).text
        back = surf(source.redirect.url.replace("?", f"/{outcome}?"))
        assert back.location.startswith("https://shop.example/back?client_secret=src_client_secret_")
        assert client.v1.sources.retrieve(source.id).status == status
        assert seen() == [event]
        assert surf(source.redirect.url.replace("?", f"/{outcome}?")).status == 400

    @pytest.mark.parametrize(
        ("params", "code", "param"),
        [
            ({}, "parameter_missing", "type"),
            ({"type": "gold"}, "source_type_not_supported", "type"),
            ({"type": "ideal"}, "parameter_missing", "amount"),
            ({"type": "card", "token": "tok_none"}, "resource_missing", "token"),
        ],
    )
    def test_what_cannot_be(self, client, params, code, param):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.sources.create(params)
        assert (caught.value.code, caught.value.param) == (code, param)
