from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import AUTOMATIC, create, pay

DAHLIA = {"stripe_version": "2026-08-26.dahlia"}


class TestLifecycle:
    def test_from_creation_to_success(self, client, control):
        intent = create(client, description="Order 7", metadata={"order": "7"}, receipt_email="ada@example.com")
        assert (intent.status, intent.amount, intent.amount_received) == ("requires_payment_method", 2000, 0)
        assert intent.client_secret.startswith(f"{intent.id}_secret_")
        client.v1.payment_intents.update(intent.id, {"amount": 2500, "payment_method": "pm_card_visa"})
        waiting = client.v1.payment_intents.retrieve(intent.id)
        assert (waiting.status, waiting.amount) == ("requires_confirmation", 2500)
        paid = client.v1.payment_intents.confirm(intent.id)
        assert (paid.status, paid.amount_received, paid.last_payment_error) == ("succeeded", 2500, None)
        charge = client.v1.charges.retrieve(paid.latest_charge)
        assert (charge.amount_captured, charge.description, charge.metadata.to_dict()) == (
            2500,
            "Order 7",
            {"order": "7"},
        )
        assert control.events(intent.id) == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "charge.updated",
        ]

    def test_after_a_decline_the_same_intent_takes_another_card(self, client, control):
        intent = create(client)
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})
        assert caught.value.error.payment_intent.id == intent.id
        failed = client.v1.payment_intents.retrieve(intent.id)
        assert (failed.status, failed.payment_method) == ("requires_payment_method", None)
        assert failed.last_payment_error.decline_code == "generic_decline"
        paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
        assert (paid.status, paid.last_payment_error) == ("succeeded", None)
        assert control.events(intent.id)[:3] == [
            "payment_intent.created",
            "charge.failed",
            "payment_intent.payment_failed",
        ]
        assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 2

    @pytest.mark.parametrize(
        ("capture_method", "last"), [("automatic", "payment_intent.succeeded"), ("automatic_async", "charge.updated")]
    )
    def test_the_balance_transaction_comes_with_the_charge_or_after_it(self, client, control, capture_method, last):
        intent = pay(client, capture_method=capture_method)
        assert control.events(intent.id)[-1] == last
        assert client.v1.charges.retrieve(intent.latest_charge).balance_transaction.startswith("txn_")

    def test_a_succeeded_intent_moves_no_more(self, client):
        intent = pay(client)
        for attempt in (
            lambda: client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}),
            lambda: client.v1.payment_intents.capture(intent.id),
            lambda: client.v1.payment_intents.cancel(intent.id),
            lambda: client.v1.payment_intents.update(intent.id, {"amount": 1}),
        ):
            with pytest.raises(stripe.InvalidRequestError) as caught:
                attempt()
            assert caught.value.code == "payment_intent_unexpected_state"
            assert caught.value.error.payment_intent.id == intent.id
        changed = client.v1.payment_intents.update(intent.id, {"description": "later", "metadata": {"a": "b"}})
        assert (changed.status, changed.description) == ("succeeded", "later")

    def test_each_webhook_event_shows_the_intent_as_it_was(self, client, control):
        intent = create(client)
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
        events = control.get(f"events?object={intent.id}")["events"]
        seen = [event["data"]["object"]["status"] for event in events if event["type"].startswith("payment_intent")]
        assert seen == ["requires_payment_method", "succeeded"]


class TestManualCapture:
    def test_in_full(self, client, control):
        held = pay(client, capture_method="manual")
        assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2000, 0)
        assert client.v1.charges.retrieve(held.latest_charge).captured is False
        taken = client.v1.payment_intents.capture(held.id)
        assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 2000)
        assert control.events(held.id) == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "charge.captured",
            "payment_intent.succeeded",
        ]

    def test_in_part(self, client):
        held = pay(client, capture_method="manual")
        taken = client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1500})
        charge = client.v1.charges.retrieve(taken.latest_charge)
        assert (taken.amount_received, charge.amount, charge.amount_captured) == (1500, 2000, 1500)

    def test_what_is_left_is_given_back(self, client, control):
        """docs.stripe.com/reports/reporting-categories, "partial_capture_reversal"."""
        held = pay(client, capture_method="manual")
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1500})
        charge = client.v1.charges.retrieve(held.latest_charge, {"expand": ["balance_transaction"]})
        assert (charge.amount_refunded, charge.refunded) == (500, False)
        (released,) = client.v1.refunds.list({"charge": charge.id}).data
        assert (released.amount, released.status, released.reason) == (500, "succeeded", None)
        booked = client.v1.balance_transactions.retrieve(released.balance_transaction)
        assert (booked.amount, booked.fee, booked.reporting_category) == (-500, 0, "partial_capture_reversal")
        assert (charge.balance_transaction.amount, charge.balance_transaction.fee) == (
            2000,
            74,
        )  # 2.9 % of 1500, and 30
        (captured,) = [e for e in control.get("events")["events"] if e["type"] == "charge.captured"]
        assert captured["data"]["object"]["amount_refunded"] == 500
        assert captured["data"]["previous_attributes"] == {
            "amount_captured": 0,
            "amount_refunded": 0,
            "captured": False,
        }
        given_back = client.v1.refunds.create({"payment_intent": held.id})
        charge = client.v1.charges.retrieve(charge.id)
        assert (given_back.amount, charge.amount_refunded, charge.refunded) == (1500, 2000, True)

    @pytest.mark.parametrize(("amount", "code"), [(2001, "amount_too_large"), (0, "parameter_invalid_integer")])
    def test_not_more_than_was_held(self, client, amount, code):
        held = pay(client, capture_method="manual")
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.capture(held.id, {"amount_to_capture": amount})
        assert (caught.value.param, caught.value.code) == ("amount_to_capture", code)
        assert client.v1.payment_intents.retrieve(held.id).status == "requires_capture"

    def test_by_the_options_of_the_card(self, client):
        assert pay(client, payment_method_options={"card": {"capture_method": "manual"}}).status == "requires_capture"

    def test_cancelled_instead(self, client, control):
        held = pay(client, capture_method="manual")
        ended = client.v1.payment_intents.cancel(held.id, {"cancellation_reason": "abandoned"})
        assert (ended.status, ended.amount_capturable, ended.cancellation_reason) == ("canceled", 0, "abandoned")
        assert ended.canceled_at >= ended.created
        assert control.events(held.id)[-2:] == ["charge.refunded", "payment_intent.canceled"]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": held.id})
        assert caught.value.code == "payment_intent_unexpected_state"


class TestCancel:
    @pytest.mark.parametrize(
        "params",
        [{}, {"payment_method": "pm_card_visa"}, {"payment_method": "pm_card_threeDSecure2Required", "confirm": True}],
    )
    def test_in_every_open_state(self, client, params):
        intent = create(client, **params)
        assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
        for attempt in (client.v1.payment_intents.cancel, client.v1.payment_intents.confirm):
            with pytest.raises(stripe.InvalidRequestError) as caught:
                attempt(intent.id)
            assert caught.value.code == "payment_intent_unexpected_state"


class TestAutomaticPaymentMethods:
    def test_are_the_default_and_then_need_a_return_url(self, client):
        intent = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"})
        assert intent.automatic_payment_methods.to_dict() == {"allow_redirects": "always", "enabled": True}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
        assert caught.value.param == "return_url"
        params = {"payment_method": "pm_card_visa", "return_url": "https://example.com/done"}
        assert client.v1.payment_intents.confirm(intent.id, params).status == "succeeded"

    def test_without_redirects_need_none(self, client):
        assert pay(client, automatic_payment_methods=AUTOMATIC).status == "succeeded"

    def test_enabled_must_be_said(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(
                {"amount": 2000, "currency": "usd", "automatic_payment_methods": {"allow_redirects": "never"}}
            )
        assert (caught.value.param, caught.value.code) == ("automatic_payment_methods[enabled]", "parameter_missing")

    def test_payment_method_types_ended_with_endive(self, client):
        params = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(params)
        assert caught.value.code == "parameter_unknown"
        intent = client.v1.payment_intents.create(params, DAHLIA)
        assert intent.payment_method_types == ["card"] and intent.automatic_payment_methods is None

    def test_both_ways_at_once_are_refused(self, client):
        params = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create({**params, "automatic_payment_methods": AUTOMATIC}, DAHLIA)
        assert caught.value.code == "parameters_exclusive"


class TestRefusedForms:
    @pytest.mark.parametrize(
        ("params", "param", "code"),
        [
            ({"amount": 49}, "amount", "amount_too_small"),
            ({"amount": 49, "currency": "jpy"}, "amount", "amount_too_small"),
            ({"amount": 0}, "amount", "parameter_invalid_integer"),
            ({"amount": -5}, "amount", "parameter_invalid_integer"),
            ({"amount": 10**12}, "amount", "amount_too_large"),
            ({"amount": "19.99"}, "amount", "parameter_invalid_integer"),
            ({"amount": ""}, "amount", "parameter_invalid_empty"),
            ({"amount": 1001, "currency": "kwd"}, "amount", "invalid_charge_amount"),
            ({"amount": 5050, "currency": "isk"}, "amount", "invalid_charge_amount"),
            ({"currency": "xyz"}, "currency", None),
            ({"capture_method": "maybe"}, "capture_method", None),
            ({"customer": "cus_nobody"}, "customer", "resource_missing"),
            ({"shape": "round"}, "shape", "parameter_unknown"),
            ({"return_url": "https://example.com"}, "return_url", None),
            ({"confirm": "perhaps"}, "confirm", None),
            ({"metadata": "text"}, "metadata", None),
            (
                {"confirm": True, "payment_method": "pm_card_visa", "return_url": "https://example.com/\r\nX:y"},
                "return_url",
                "url_invalid",
            ),
        ],
    )
    def test_name_the_parameter(self, client, params, param, code):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            create(client, **params)
        assert (caught.value.http_status, caught.value.param, caught.value.code) == (400, param, code)
        assert client.v1.payment_intents.list().data == []

    @pytest.mark.parametrize("missing", ["amount", "currency"])
    def test_name_what_is_missing(self, client, missing):
        params = {"amount": 2000, "currency": "usd"}
        del params[missing]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.payment_intents.create(params)
        assert (caught.value.param, caught.value.code) == (missing, "parameter_missing")

    def test_a_confirmation_needs_a_payment_method(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            create(client, confirm=True)
        assert caught.value.code == "payment_intent_unexpected_state"
        assert client.v1.payment_intents.list().data == []

    def test_a_refused_update_changes_nothing(self, client):
        intent = create(client, metadata={"a": "b"})
        for wrong in ({"payment_method": "pm_nothing"}, {"customer": "cus_nobody"}, {"currency": "xyz"}):
            with pytest.raises(stripe.InvalidRequestError):
                client.v1.payment_intents.update(intent.id, {"amount": 3000, "metadata": {"a": "c"}, **wrong})
        read = client.v1.payment_intents.retrieve(intent.id)
        assert (read.amount, read.metadata.to_dict(), read.customer) == (2000, {"a": "b"}, None)


@pytest.mark.parametrize(
    ("currency", "amount"), [("usd", 50), ("eur", 50), ("jpy", 50), ("gbp", 30), ("kwd", 1010), ("isk", 50000)]
)
def test_amounts_are_minor_units_of_their_currency(client, currency, amount):
    paid = pay(client, amount=amount, currency=currency.upper())
    assert (paid.currency, paid.amount_received) == (currency, amount)


@pytest.mark.parametrize(
    ("card", "types", "reason"),
    [
        ("createDispute", ["charge.dispute.created", "charge.dispute.funds_withdrawn"], "fraudulent"),
        ("createDisputeInquiry", ["charge.dispute.created"], "general"),
        ("createIssuerFraudRecord", ["radar.early_fraud_warning.created"], None),
    ],
)
def test_some_cards_bring_trouble_after_the_payment(client, control, card, types, reason):
    paid = pay(client, f"pm_card_{card}")
    assert paid.status == "succeeded"
    events = [
        event
        for event in control.get("events")["events"]
        if event["data"]["object"].get("charge") == paid.latest_charge
    ]
    assert [event["type"] for event in events] == types
    assert events[0]["data"]["object"].get("reason") == reason
    assert client.v1.charges.retrieve(paid.latest_charge).disputed is (reason is not None)


def test_intents_are_listed_by_customer(client):
    customer = client.v1.customers.create({})
    mine = create(client, customer=customer.id)
    create(client)
    assert [one.id for one in client.v1.payment_intents.list({"customer": customer.id}).data] == [mine.id]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"receipt_email": "nobody"}, "email_invalid"),
        ({"statement_descriptor_suffix": "x" * 23}, None),
        ({"statement_descriptor_suffix": "<shop>"}, None),
        ({"statement_descriptor_suffix": "1234"}, None),
        ({"statement_descriptor": "it's"}, None),
    ],
)
def test_what_is_printed_or_sent_must_be_fit_for_it(client, params, code):
    (name,) = params
    intent = create(client)
    for attempt in (lambda: create(client, **params), lambda: client.v1.payment_intents.update(intent.id, params)):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            attempt()
        assert (caught.value.param, caught.value.code) == (name, code)
    fitting = {"receipt_email": "ada@example.com", "statement_descriptor_suffix": "SHOP 12"}
    assert create(client, **fitting).statement_descriptor_suffix == "SHOP 12"
