"""Many clients at once: no money is taken or given back twice, no event is lost or doubled."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.emulator.steps import create, pay

CLIENTS = 8


@pytest.fixture
def at_once():
    with ThreadPoolExecutor(CLIENTS) as pool:

        def run(action, times=CLIENTS):
            """The outcomes of ``action(n)`` by many clients: an answer, or the error that it raised."""

            def attempt(number):
                try:
                    return action(number)
                except stripe.StripeError as error:
                    return error

            return list(pool.map(attempt, range(times)))

        yield run


def split(outcomes):
    done = [one for one in outcomes if not isinstance(one, stripe.StripeError)]
    return done, [one for one in outcomes if isinstance(one, stripe.StripeError)]


def test_one_confirmation_succeeds(client, control, at_once):
    intent = create(client)
    outcomes = at_once(lambda n: client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}), 16)
    done, refused = split(outcomes)
    assert len(done) == 1 and {error.code for error in refused} == {"payment_intent_unexpected_state"}
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1
    assert Counter(control.events(intent.id)) == {
        "payment_intent.created": 1,
        "charge.succeeded": 1,
        "payment_intent.succeeded": 1,
        "charge.updated": 1,
    }


def test_confirmation_and_cancellation_exclude_each_other(client, control, at_once):
    for _ in range(5):
        intent = create(client, payment_method="pm_card_visa")
        calls = (client.v1.payment_intents.confirm, client.v1.payment_intents.cancel)
        done, _ = split(at_once(lambda n, i=intent.id, c=calls: c[n % 2](i)))
        assert len(done) == 1
        ends = {"payment_intent.succeeded", "payment_intent.canceled"} & set(control.events(intent.id))
        assert ends == {f"payment_intent.{done[0].status}"}


def test_one_capture_succeeds(client, at_once):
    held = pay(client, capture_method="manual")
    done, _ = split(at_once(lambda n: client.v1.payment_intents.capture(held.id, {"amount_to_capture": 100 + n})))
    assert len(done) == 1
    assert client.v1.charges.retrieve(held.latest_charge).amount_captured == done[0].amount_received


def test_refunds_never_exceed_what_was_captured(client, control, at_once):
    intent = pay(client)
    outcomes = at_once(lambda n: client.v1.refunds.create({"payment_intent": intent.id, "amount": 150 + n}), 24)
    done, refused = split(outcomes)
    total = sum(refund.amount for refund in done)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert total == charge.amount_refunded <= charge.amount_captured == 2000
    assert total > 2000 - 150 - 24, "nothing more would have fit"
    assert {error.code for error in refused} <= {"amount_too_large", "charge_already_refunded"}
    assert control.events(intent.id).count("refund.created") == len(done)
    assert control.events(intent.id).count("charge.refunded") == len(done)


def test_one_key_makes_one_payment(client, at_once):
    params = {
        "amount": 2000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    done, _ = split(at_once(lambda n: client.v1.payment_intents.create(params, {"idempotency_key": "k"}), 16))
    assert len({intent.id for intent in done}) == 1
    assert len(client.v1.charges.list().data) == 1


def test_each_event_is_delivered_once_and_none_is_lost(client, control, receiver, at_once):
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    done, refused = split(at_once(lambda n: pay(client), 24))
    assert len(done) == 24 and refused == []
    at_once(lambda n: client.v1.refunds.create({"payment_intent": done[n].id}), 24)
    assert control.post("deliveries/drain")["drained"] is True
    arrived = Counter(one.event["id"] for one in receiver.received)
    known = [event["id"] for event in control.get("events")["events"]]
    assert arrived == Counter(known) and len(known) == 24 * 6
