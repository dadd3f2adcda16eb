from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import create, pay

# docs.stripe.com/testing: the code and decline code of each card.
DECLINES = {
    "visa_chargeDeclined": ("card_declined", "generic_decline"),
    "chargeDeclined": ("card_declined", "generic_decline"),
    "visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "visa_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "visa_chargeDeclinedStolenCard": ("card_declined", "stolen_card"),
    "chargeDeclinedExpiredCard": ("expired_card", None),
    "chargeDeclinedIncorrectCvc": ("incorrect_cvc", None),
    "chargeDeclinedProcessingError": ("processing_error", None),
    "visa_chargeDeclinedVelocityLimitExceeded": ("card_declined", "card_velocity_exceeded"),
    "radarBlock": ("card_declined", None),
    "chargeCustomerFail": ("card_declined", None),
}
# docs.stripe.com/testing: last four digits and brand.
SUCCESSES = {
    "visa": ("4242", "visa"),
    "visa_debit": ("5556", "visa"),
    "mastercard": ("4444", "mastercard"),
    "mastercard_debit": ("8210", "mastercard"),
    "mastercard_prepaid": ("5100", "mastercard"),
    "amex": ("0005", "amex"),
    "discover": ("1117", "discover"),
    "diners": ("0004", "diners"),
    "jcb": ("0505", "jcb"),
    "unionpay": ("0005", "unionpay"),
    "us": ("4242", "visa"),
    "de": ("0016", "visa"),
    "riskLevelElevated": ("9235", "visa"),
    "bypassPending": ("0077", "visa"),
}
TOKENS = {name: outcome for name, outcome in DECLINES.items() if name not in ("chargeDeclined",)}


@pytest.mark.parametrize(("name", "expected"), SUCCESSES.items())
def test_good_cards_pay(client, name, expected):
    paid = pay(client, f"pm_card_{name}", expand=["latest_charge"])
    card = paid.latest_charge.payment_method_details.card
    assert (paid.status, card.last4, card.brand) == ("succeeded", *expected)


@pytest.mark.parametrize(("name", "expected"), DECLINES.items())
def test_bad_cards_are_refused_as_documented(client, name, expected):
    code, decline = expected
    with pytest.raises(stripe.CardError) as caught:
        pay(client, f"pm_card_{name}")
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    assert decline is None or error.error.decline_code == decline
    intent = client.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)


@pytest.mark.parametrize(("name", "expected"), TOKENS.items())
def test_tokens_behave_like_their_cards(client, name, expected):
    with pytest.raises(stripe.CardError) as caught:
        create(client, payment_method_data={"type": "card", "card": {"token": f"tok_{name}"}}, confirm=True)
    assert caught.value.code == expected[0]


def test_a_good_token_makes_a_payment_method(client):
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
    assert (method.card.brand, method.card.last4, method.customer) == ("mastercard", "4444", None)
    assert pay(client, method.id).status == "succeeded"


def test_a_blocked_card_says_so_in_its_outcome(client):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, "pm_card_radarBlock")
    outcome = client.v1.charges.retrieve(caught.value.error.charge).outcome
    assert (outcome.type, outcome.risk_level, outcome.network_status) == ("blocked", "highest", "not_sent_to_network")


@pytest.mark.parametrize("name", ["visa_chargeDeclined", "chargeDeclinedExpiredCard", "radarBlock"])
def test_declining_cards_cannot_be_attached(client, name):
    customer = client.v1.customers.create({})
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach(f"pm_card_{name}", {"customer": customer.id})
    assert client.v1.customers.payment_methods.list(customer.id).data == []


def test_one_declining_card_can_be_attached_and_fails_when_charged(client):
    customer = client.v1.customers.create({})
    method = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError):
        pay(client, method.id, customer=customer.id)


def test_attach_list_detach(client, control):
    customer = client.v1.customers.create({})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert [one.id for one in client.v1.payment_methods.list({"customer": customer.id, "type": "card"}).data] == [
        method.id
    ]
    assert pay(client, method.id, customer=customer.id).status == "succeeded"
    assert pay(client, method.id, customer=customer.id).status == "succeeded"
    assert client.v1.payment_methods.detach(method.id).customer is None
    assert control.events(method.id) == ["payment_method.attached", "payment_method.detached"]
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        pay(client, method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.payment_methods.detach(method.id)


def test_a_payment_method_without_a_customer_pays_once(client):
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    waiting = create(client, payment_method=method.id)
    assert pay(client, method.id).status == "succeeded"
    for attempt in (lambda: pay(client, method.id), lambda: client.v1.payment_intents.confirm(waiting.id)):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            attempt()
        assert caught.value.code == "payment_method_unexpected_state"


def test_another_customers_payment_method_is_refused(client):
    owner, other = client.v1.customers.create({}), client.v1.customers.create({})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": owner.id})
    with pytest.raises(stripe.InvalidRequestError, match="different Customer"):
        pay(client, method.id, customer=other.id)
    with pytest.raises(stripe.InvalidRequestError, match="include the Customer"):
        pay(client, method.id)
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(method.id, {"customer": other.id})


def test_a_payment_method_is_kept_for_later_use(client):
    customer = client.v1.customers.create({})
    paid = pay(client, customer=customer.id, setup_future_usage="off_session")
    assert client.v1.payment_methods.retrieve(paid.payment_method).customer == customer.id
    again = pay(client, paid.payment_method, customer=customer.id, off_session=True)
    assert again.status == "succeeded"


def test_billing_details_and_expiry_can_be_changed(client, control):
    customer = client.v1.customers.create({})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.payment_methods.update(method.id, {"billing_details": {"name": "Ada"}, "card": {"exp_year": 2040}})
    read = client.v1.payment_methods.retrieve(method.id)
    assert (read.billing_details.name, read.card.exp_year, read.card.last4) == ("Ada", 2040, "4242")
    assert control.events(method.id)[-1] == "payment_method.updated"


def test_the_same_number_has_the_same_fingerprint(client):
    one, two = (client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}) for _ in "ab")
    other = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_amex"}})
    assert one.card.fingerprint == two.card.fingerprint != other.card.fingerprint


def test_unknown_names_are_refused(client):
    for attempt in (
        lambda: pay(client, "pm_card_nonsense"),
        lambda: pay(client, "pm_doesnotexist"),
        lambda: client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_nonsense"}}),
        lambda: client.v1.payment_methods.retrieve("pm_doesnotexist"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            attempt()
        assert caught.value.code == "resource_missing"


def test_a_server_must_not_send_card_numbers(client):
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    with pytest.raises(stripe.CardError, match="generally unsafe"):
        client.v1.payment_methods.create({"type": "card", "card": card})


class TestNumbersFromTheBrowser:
    CARD = {"number": "4242 4242 4242 4242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}

    def test_make_a_payment_method(self, browser, client):
        method = browser.v1.payment_methods.create({"type": "card", "card": self.CARD})
        assert (method.card.last4, method.card.exp_year) == ("4242", 2034)
        assert pay(client, method.id).status == "succeeded"

    def test_make_a_token_that_is_used_once(self, browser, client):
        token = browser.v1.tokens.create({"card": {**self.CARD, "exp_month": "1", "exp_year": "44"}})
        assert (token.card.last4, token.card.exp_year, token.used) == ("4242", 2044, False)
        client.v1.payment_methods.create({"type": "card", "card": {"token": token.id}})
        assert client.v1.tokens.retrieve(token.id).used is True
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_methods.create({"type": "card", "card": {"token": token.id}})
        assert caught.value.code == "token_already_used"

    def test_a_declining_number_declines(self, browser, client):
        method = browser.v1.payment_methods.create(
            {"type": "card", "card": {**self.CARD, "number": "4000000000009995"}}
        )
        with pytest.raises(stripe.CardError) as caught:
            pay(client, method.id)
        assert caught.value.error.decline_code == "insufficient_funds"

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"number": "4242424242424241"}, "incorrect_number"),
            ({"number": "not a number"}, "incorrect_number"),
            ({"exp_month": 13}, "invalid_expiry_month"),
            ({"exp_month": 0}, "invalid_expiry_month"),
            ({"exp_year": 1995}, "invalid_expiry_year"),
            ({"cvc": "99"}, "invalid_cvc"),
            ({"cvc": "²²²"}, "invalid_cvc"),
        ],
    )
    def test_impossible_cards_are_refused(self, browser, wrong, code):
        with pytest.raises((stripe.CardError, stripe.InvalidRequestError)) as caught:
            browser.v1.payment_methods.create({"type": "card", "card": {**self.CARD, **wrong}})
        assert caught.value.code in (code, "parameter_missing" if wrong == {"exp_month": 0} else code)
        with pytest.raises((stripe.CardError, stripe.InvalidRequestError)):
            browser.v1.tokens.create({"card": {**self.CARD, **wrong}})
