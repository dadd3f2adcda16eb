from __future__ import annotations

import itertools

import pytest
import stripe

from stripe_audit.emulator import ControlRefused, Emulator, EmulatorConfig
from tests.emulator.steps import create, pay


def test_a_call_is_recorded_in_full(client, control):
    intent = client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "metadata": {"order": "7"}, "expand": ["customer"]},
        {"idempotency_key": "order-7"},
    )
    (call,) = control.calls()
    assert (call["seq"], call["caller"], call["method"], call["path"], call["status"]) == (
        1,
        "target",
        "POST",
        "/v1/payment_intents",
        200,
    )
    assert call["params"] == {
        "amount": "2000",
        "currency": "usd",
        "metadata": {"order": "7"},
        "expand": ["customer"],
    }
    assert (call["object"], call["request_id"]) == (intent.id, intent.last_response.headers["Request-Id"])
    assert (call["idempotency_key"], call["stripe_version"]) == ("order-7", stripe.api_version)
    assert call["sdk"] == {"lang": "python", "version": stripe.VERSION}
    assert (call["replayed"], call["fault"], call["error"]) == (False, None, None)
    assert call["duration_ms"] >= 0


def test_a_refused_call_tells_why(client, control):
    with pytest.raises(stripe.CardError):
        pay(client, "pm_card_visa_chargeDeclinedLostCard")
    with pytest.raises(stripe.InvalidRequestError):
        create(client, amount=1)
    declined, refused = control.calls()
    assert (declined["status"], declined["error"]["decline_code"]) == (402, "lost_card")
    assert declined["object"].startswith("pi_")
    assert (refused["status"], refused["error"]["param"], refused["object"]) == (400, "amount", None)


def test_keys_are_not_in_it(client, emulator, control):
    create(client)
    assert emulator.keys.secret not in str(control.calls())


def test_it_is_filtered(client, emulator, control, make_client):
    create(client)
    client.v1.customers.create({})
    make_client(emulator.keys.audit_secret).v1.payment_intents.list()
    assert len(control.calls()) == 3
    assert [call["path"] for call in control.calls(caller="target")] == ["/v1/payment_intents", "/v1/customers"]
    assert [call["caller"] for call in control.calls(path="/v1/payment_*")] == ["target", "audit"]
    assert len(control.calls(method="GET")) == 1
    assert [call["seq"] for call in control.calls(since=1)] == [2, 3]
    assert control.get("journal?since=999")["next"] == 3
    assert control("GET", "journal?since=soon")[0] == 400


def test_calls_about_an_object_include_those_about_its_family(client, control):
    mine, other = pay(client), pay(client)
    refund = client.v1.refunds.create({"charge": mine.latest_charge})
    client.v1.refunds.retrieve(refund.id)
    client.v1.charges.retrieve(mine.latest_charge)
    client.v1.charges.list({"payment_intent": mine.id})
    client.v1.payment_intents.retrieve(other.id)
    paths = [call["path"] for call in control.calls(object=mine.id)]
    assert paths == [
        "/v1/payment_intents",
        "/v1/refunds",
        f"/v1/refunds/{refund.id}",
        f"/v1/charges/{mine.latest_charge}",
        "/v1/charges",
    ]


def test_questions_combine(client, browser, emulator, control, make_client):
    """All callers, two objects, two keys: each combination gives what the journal's own entries say."""
    one = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}, {"idempotency_key": "first"})
    browser.v1.payment_intents.retrieve(one.id, {"client_secret": one.client_secret})
    mark = emulator.control.mark()
    other = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}, {"idempotency_key": "second"})
    client.v1.payment_intents.cancel(one.id, {}, {"idempotency_key": "first again"})
    make_client(emulator.keys.audit_secret).v1.payment_intents.retrieve(one.id)
    with pytest.raises(stripe.AuthenticationError):
        make_client("sk_none").v1.payment_intents.retrieve(one.id)
    everything = emulator.control.journal()
    assert [call["caller"] for call in everything] == ["target", "customer", "target", "target", "audit", "unknown"]
    for identity, caller, key, since in itertools.product(
        (None, one.id, other.id),
        (None, "target", "audit", "customer", "unknown"),
        (None, "first", "second", "none"),
        (0, mark),
    ):
        expected = [
            call
            for call in everything
            if (identity is None or call["object"] == identity or identity in call["path"])
            and caller in (None, call["caller"])
            and key in (None, call["idempotency_key"])
            and call["seq"] > since
        ]
        assert emulator.control.journal(object=identity, caller=caller, key=key, since=since) == expected
    with pytest.raises(ControlRefused, match="caller must be one of target, audit, customer, unknown") as caught:
        emulator.control.journal(caller="nobody")
    assert caught.value.status == 400


def test_what_fell_out_is_counted(make_client):
    with Emulator(EmulatorConfig(keep=5)) as running:
        client = make_client(running.keys.secret, url=running.url)
        first = client.v1.customers.create({}, {"idempotency_key": "0"})
        for number in range(1, 8):
            client.v1.customers.create({}, {"idempotency_key": str(number)})
        answer = running.control("GET", "journal")
        assert [call["seq"] for call in answer["calls"]] == [4, 5, 6, 7, 8]
        assert (answer["next"], answer["dropped"]) == (8, 3)
        assert running.control("GET", "journal?since=2")["dropped"] == 1
        assert running.control("GET", "journal?since=6")["dropped"] == 0
        health = running.control.health()
        assert (health["calls"], health["calls_dropped"]) == (8, 3)
        assert (health["saved_answers"], health["saved_answers_dropped"]) == (5, 3)
        again = client.v1.customers.create({}, {"idempotency_key": "7"})
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert client.v1.customers.create({}, {"idempotency_key": "0"}).id != first.id
