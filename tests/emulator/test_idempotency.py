from __future__ import annotations

import threading

import pytest
import stripe

from tests.emulator.steps import AUTOMATIC, create, pay, wait_for

PARAMS = {"amount": 2000, "currency": "usd", "automatic_payment_methods": AUTOMATIC}


def test_the_same_key_gives_the_same_answer_and_no_second_effect(client, control):
    params = {**PARAMS, "payment_method": "pm_card_visa", "confirm": True}
    first = client.v1.payment_intents.create(params, {"idempotency_key": "k"})
    second = client.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert second.to_dict() == first.to_dict()
    assert "Idempotent-Replayed" not in first.last_response.headers
    headers = second.last_response.headers
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"] == first.last_response.headers["Request-Id"] != headers["Request-Id"]
    assert len(client.v1.charges.list().data) == 1
    calls = control.calls(path="/v1/payment_intents", method="POST")
    assert [(call["replayed"], call["object"]) for call in calls] == [(False, first.id), (True, first.id)]


def test_a_replay_shows_what_was_and_not_what_is(client):
    first = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    client.v1.payment_intents.cancel(first.id)
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"}).status == "requires_payment_method"


def test_other_parameters_are_a_conflict(client):
    client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        client.v1.payment_intents.create({**PARAMS, "amount": 2001}, {"idempotency_key": "k"})
    assert (caught.value.http_status, caught.value.error.type) == (400, "idempotency_error")
    assert len(client.v1.payment_intents.list().data) == 1


def test_another_endpoint_is_a_conflict(client):
    client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.customers.create({}, {"idempotency_key": "k"})


def test_the_order_of_parameters_does_not_matter(client):
    first = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    again = client.v1.payment_intents.create(dict(reversed(PARAMS.items())), {"idempotency_key": "k"})
    assert again.id == first.id


def test_a_decline_is_replayed(client):
    params = {**PARAMS, "payment_method": "pm_card_visa_chargeDeclined", "confirm": True}
    charges = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_intents.create(params, {"idempotency_key": "k"})
        charges.append(caught.value.error.charge)
    assert charges[0] == charges[1]
    assert caught.value.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.charges.list().data) == 1


def test_a_refused_form_is_not_kept(client):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({**PARAMS, "amount": 1}, {"idempotency_key": "k"})
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"}).amount == 2000


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503, "saved": True}])
def test_a_failure_of_the_endpoint_is_replayed(client, control, fault):
    """docs.stripe.com/api/idempotent_requests: "retries with the same key return the saved response, including 500"."""
    control.fault("status", times=1, **fault)
    ids = []
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
        assert caught.value.http_status == fault["status"]
        ids.append(caught.value.headers.get("Original-Request"))
    assert ids[0] is None and ids[1] is not None and caught.value.headers["Idempotent-Replayed"] == "true"
    assert client.v1.payment_intents.list().data == []
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "other"}).amount == 2000


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("status", {"status": 502}),
        ("status", {"status": 503}),
        ("status", {"status": 504}),
        ("status", {"status": 500, "saved": False}),
        ("status", {"status": 409, "code": "lock_timeout"}),
        ("status", {"status": 400, "code": "parameter_invalid_empty"}),
        ("status", {"status": 401}),
        ("rate_limit", {}),
        ("reset_before", {}),
    ],
)
def test_what_comes_before_the_endpoint_is_not_kept(client, control, kind, fault):
    control.fault(kind, times=1, **fault)
    with pytest.raises(stripe.StripeError):
        client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    made = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    assert made.amount == 2000 and "Idempotent-Replayed" not in made.last_response.headers


def test_a_fault_never_takes_the_place_of_a_saved_answer(client, control):
    first = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    control.fault("status", status=500, times=2)
    for params in (PARAMS, {**PARAMS, "amount": 2001}):
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"}).id == first.id


@pytest.mark.parametrize(
    ("attempt", "status"),
    [
        (lambda client, options: client.v1.payment_intents.create({"amount": 1, "currency": "usd"}, options), 400),
        (lambda client, options: client.v1.payment_intents.create({"currency": "usd"}, options), 400),
        (lambda client, options: client.v1.payment_intents.confirm("pi_none", {}, options), 404),
        (lambda client, options: client.v1.payment_intents.create(PARAMS, {**options, "api_key": "sk_x"}), 401),
    ],
)
def test_refusals_are_not_kept(client, attempt, status):
    with pytest.raises(stripe.StripeError) as caught:
        attempt(client, {"idempotency_key": "k"})
    assert caught.value.http_status == status
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id


def test_keys_are_the_accounts_own(client, make_client, emulator):
    first = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    account = client.v1.accounts.create({"type": "express", "country": "US"})
    there = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k", "stripe_account": account.id})
    other_key = make_client("sk_test_" + "a1B2" * 8).v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    assert there.id != first.id == other_key.id


def test_a_request_under_way_makes_the_second_a_conflict(client, control):
    control.fault("slow", seconds=30, times=1, idempotency_key="k")
    first = threading.Thread(target=lambda: _ignoring_errors(client))
    first.start()
    wait_for(lambda: control.get("faults")["faults"][0]["hits"] == 1)
    with pytest.raises(stripe.APIError) as caught:
        client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    assert (caught.value.http_status, caught.value.error.code) == (409, "idempotency_key_in_use")
    assert client.v1.payment_intents.list().data == []
    control.delete("faults")
    first.join(10)
    assert not first.is_alive()
    assert len(client.v1.payment_intents.list().data) == 1


def _ignoring_errors(client):
    try:
        client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    except stripe.StripeError:
        pass


def test_keys_last_a_day(client, control):
    first = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"})
    control.post("clock/advance", seconds=24 * 3600 - 60)
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"}).id == first.id
    control.post("clock/advance", seconds=120)
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k"}).id != first.id


def test_v2_keys_last_a_month_and_keep_no_failure(client, control):
    """docs.stripe.com/api-v2-overview#idempotency."""
    params = {
        "name": "d",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["v1.charge.succeeded"],
        "webhook_endpoint": {"url": "http://127.0.0.1:1/"},
    }
    destinations, key = client.v2.core.event_destinations, {"idempotency_key": "k"}
    control.fault("status", status=500, times=1)
    with pytest.raises(stripe.APIError):
        destinations.create(params, key)
    first = destinations.create(params, key)
    control.post("clock/advance", seconds=30 * 24 * 3600 - 60)
    client.v1.customers.create({}, {"idempotency_key": "other"})
    assert destinations.create(params, key).id == first.id
    control.post("clock/advance", seconds=120)
    assert destinations.create(params, key).id != first.id


def test_a_key_has_at_most_255_characters(client):
    assert client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k" * 255}).amount == 2000
    with pytest.raises(stripe.InvalidRequestError, match="too long"):
        client.v1.payment_intents.create(PARAMS, {"idempotency_key": "k" * 256})


def test_reading_and_deleting_take_no_notice_of_keys(client):
    customer = client.v1.customers.create({"name": "Ada"})
    before = client.v1.customers.retrieve(customer.id, {}, {"idempotency_key": "k"}).name
    client.v1.customers.update(customer.id, {"name": "Bob"})
    assert (before, client.v1.customers.retrieve(customer.id, {}, {"idempotency_key": "k"}).name) == ("Ada", "Bob")


def test_the_librarys_own_retries_charge_once(emulator, make_client, control, monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    retrying = make_client(emulator.keys.secret, max_network_retries=2)
    control.fault("reset_after", times=2, method="POST", path="/v1/payment_intents")
    paid = pay(retrying)
    assert paid.status == "succeeded"
    calls = control.calls(path="/v1/payment_intents", method="POST")
    assert [call["replayed"] for call in calls] == [False, True, True]
    assert len({call["idempotency_key"] for call in calls}) == 1
    assert len(retrying.v1.charges.list().data) == 1


def test_calls_without_a_key_are_never_replayed(client, control):
    ids = {create(client).id for _ in range(2)}
    assert len(ids) == 2
