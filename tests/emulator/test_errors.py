"""Stripe's error bodies."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.emulator.steps import create, pay


def call(emulator, method, path, **options):
    headers = {"Authorization": f"Bearer {emulator.keys.secret}", **options.pop("headers", {})}
    return requests.request(method, f"{emulator.url}{path}", headers=headers, timeout=5, **options)


def test_a_decline_in_full(client, emulator):
    with pytest.raises(stripe.CardError) as caught:
        pay(client, "pm_card_visa_chargeDeclinedInsufficientFunds")
    raised = caught.value
    body = raised.json_body["error"]
    assert set(body) == {
        "charge",
        "code",
        "decline_code",
        "doc_url",
        "message",
        "payment_intent",
        "payment_method",
        "request_log_url",
        "type",
    }
    assert (body["type"], body["code"], body["decline_code"], body["message"]) == (
        "card_error",
        "card_declined",
        "insufficient_funds",
        "Your card has insufficient funds.",
    )
    assert body["doc_url"] == "https://stripe.com/docs/error-codes/card-declined"
    assert body["payment_intent"]["last_payment_error"]["charge"] == body["charge"]
    assert body["payment_method"]["card"]["last4"] == "9995"
    assert raised.request_id == raised.headers["Request-Id"] and raised.request_id.startswith("req_")
    assert raised.request_id in body["request_log_url"]


@pytest.mark.parametrize(
    ("attempt", "status", "expected"),
    [
        (
            lambda c: c.v1.payment_intents.retrieve("pi_none"),
            404,
            {"code": "resource_missing", "param": "intent", "message": "No such payment_intent: 'pi_none'"},
        ),
        (
            lambda c: c.v1.customers.retrieve("cus_none"),
            404,
            {"code": "resource_missing", "param": "id", "message": "No such customer: 'cus_none'"},
        ),
        (
            lambda c: c.v1.payment_methods.attach("pm_card_visa", {"customer": "cus_none"}),
            400,
            {"code": "resource_missing", "param": "customer", "message": "No such customer: 'cus_none'"},
        ),
        (
            lambda c: c.v1.payment_intents.create({"amount": 2000, "currency": "usd", "colour": "red"}),
            400,
            {"code": "parameter_unknown", "param": "colour", "message": "Received unknown parameter: colour"},
        ),
        (
            lambda c: c.v1.payment_intents.create({"amount": 49, "currency": "usd"}),
            400,
            {"code": "amount_too_small", "param": "amount", "message": "Amount must be at least $0.50 usd"},
        ),
        (
            lambda c: c.v1.payment_intents.create({"currency": "usd"}),
            400,
            {"code": "parameter_missing", "param": "amount", "message": "Missing required param: amount."},
        ),
    ],
)
def test_refusals(client, attempt, status, expected):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        attempt(client)
    body = caught.value.json_body["error"]
    assert (caught.value.http_status, body["type"]) == (status, "invalid_request_error")
    assert {name: body[name] for name in expected} == expected
    assert body["doc_url"] == f"https://stripe.com/docs/error-codes/{expected['code'].replace('_', '-')}"


def test_an_unexpected_state_shows_the_intent(client):
    intent = pay(client)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.confirm(intent.id)
    body = caught.value.json_body["error"]
    assert (body["code"], body["payment_intent"]["status"]) == ("payment_intent_unexpected_state", "succeeded")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/unicorns"),
        ("PUT", "/v1/customers"),
        ("PATCH", "/v1/customers/cus_1"),
        ("DELETE", "/v1/payment_intents/pi_1"),
        ("GET", "/v1/customers/"),
        ("GET", "//v1//customers"),
    ],
)
def test_an_unknown_url_says_that_it_may_be_the_emulator(emulator, method, path):
    answer = call(emulator, method, path)
    assert answer.status_code == 404 and answer.headers["Request-Id"].startswith("req_")
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error" and "Unrecognized request URL" in error["message"]
    assert "emulator" in error["message"]


def test_an_id_that_looks_like_a_pattern_is_an_id(emulator):
    answer = call(emulator, "GET", "/v1/customers/*")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"amount": 2000, "currency": "usd"}', {"Content-Type": "application/json"}, 400),
        (b"amount=2000&currency=\xff", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"amount=2000&currency=%ff", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"amount=1&amount[a]=2", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"&".join(b"a%d=1" % n for n in range(2001)), {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"description=" + b"x" * 1_100_000, {"Content-Type": "application/x-www-form-urlencoded"}, 413),
        (b"not gzip", {"Content-Encoding": "gzip"}, 400),
    ],
)
def test_bodies_that_cannot_be_read(emulator, control, body, headers, status):
    answer = call(emulator, "POST", "/v1/payment_intents", data=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, "invalid_request_error")
    assert control.calls()[-1]["caller"] == "target", "the key was known"


def test_a_refusal_before_any_effect_leaves_nothing(client):
    for attempt in (
        lambda: create(client, expand=["unicorn"]),
        lambda: client.v1.products.create(
            {"name": "Book", "default_price_data": {"currency": "xyz", "unit_amount": 100}}
        ),
        lambda: client.v1.prices.create({"currency": "usd", "unit_amount": -1, "product_data": {"name": "Book"}}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            attempt()
    assert client.v1.payment_intents.list().data == []
    assert client.v1.products.list().data == []
    assert client.v1.events.list().data == []
