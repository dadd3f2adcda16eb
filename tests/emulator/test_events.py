from __future__ import annotations

import pytest
import stripe

from tests.emulator.steps import create, pay


def test_every_change_is_an_event_that_can_be_read(client):
    intent = pay(client)
    listed = client.v1.events.list().data
    assert [event.type for event in listed] == [
        "charge.updated",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]
    read = client.v1.events.retrieve(listed[1].id)
    assert (read.object, read.livemode, read.data.object.id, read.data.object.status) == (
        "event",
        False,
        intent.id,
        "succeeded",
    )


def test_an_event_names_the_request_that_caused_it(client, control):
    intent = client.v1.payment_intents.create({"amount": 2000, "currency": "usd"}, {"idempotency_key": "order-7"})
    event = client.v1.events.list().data[0]
    assert (event.request.id, event.request.idempotency_key) == (
        intent.last_response.headers["Request-Id"],
        "order-7",
    )


def test_an_event_keeps_what_was_and_not_what_is(client):
    intent = create(client)
    client.v1.payment_intents.update(intent.id, {"amount": 9900})
    assert client.v1.events.list({"type": "payment_intent.created"}).data[0].data.object.amount == 2000


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"type": "charge.succeeded"}, {"charge.succeeded"}),
        ({"type": "charge.*"}, {"charge.succeeded", "charge.updated"}),
        ({"types": ["charge.succeeded", "payment_intent.created"]}, {"charge.succeeded", "payment_intent.created"}),
        ({"type": "invoice.paid"}, set()),
    ],
)
def test_events_are_listed_by_type(client, params, expected):
    pay(client)
    assert {event.type for event in client.v1.events.list(params).data} == expected


@pytest.mark.parametrize(
    "params", [{"type": "a", "types": ["b"]}, {"types": [f"t{n}" for n in range(21)]}, {"types": [""]}]
)
def test_filters_that_make_no_sense_are_refused(client, params):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.list(params)


def test_an_event_without_a_listener_waits_for_nobody(client):
    pay(client)
    assert client.v1.events.list({"delivery_success": True}).data != []
    assert client.v1.events.list({"delivery_success": False}).data == []


class TestSynthesized:
    def test_about_an_object_that_exists(self, client, control, receiver):
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        intent = create(client)
        event = control.post("events", type="payment_intent.processing", object_id=intent.id)
        assert event["data"]["object"]["id"] == intent.id
        assert client.v1.events.retrieve(event["id"]).type == "payment_intent.processing"
        assert control.post("deliveries/drain")["drained"] is True
        assert receiver.types == ["payment_intent.created", "payment_intent.processing"]

    def test_about_an_object_of_the_callers_own_and_not_delivered(self, client, control, receiver):
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        event = control.post(
            "events",
            type="invoice.paid",
            object={"id": "in_1", "object": "invoice", "metadata": {"a": "b"}},
            previous_attributes={"status": "open"},
            livemode=True,
            created=1_700_000_000,
            api_version="2020-08-27",
            id="evt_mine",
            deliver=False,
        )
        assert (event["id"], event["livemode"], event["created"], event["api_version"]) == (
            "evt_mine",
            True,
            1_700_000_000,
            "2020-08-27",
        )
        assert event["data"]["previous_attributes"] == {"status": "open"}
        assert control.get("deliveries")["deliveries"] == []
        control.post("deliveries/resend", event="evt_mine")
        assert [one.event["id"] for one in receiver.received] == ["evt_mine"]

    @pytest.mark.parametrize(
        "type", ["invoice.created", "invoice.paid", "customer.subscription.updated", "subscription_schedule.updated"]
    )
    def test_an_object_that_there_is_not_moves_nothing(self, control, type):
        event = control.post("events", type=type, object={"id": "in_none", "object": "invoice"}, deliver=False)
        assert event["data"]["object"] == {"id": "in_none", "object": "invoice"}
        assert [each["type"] for each in control.get("events")["events"]] == [type]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"type": "a"},
            {"type": "a", "object": [1]},
            {"type": 5, "object": {}},
            {"type": "a", "object_id": "pi_none"},
            {"type": "a", "object": {"id": 5}},
            {"type": "a", "object": {"metadata": "text"}},
            {"type": "a", "object": {"metadata": {"a": 1}}},
            {"type": "a", "object": {}, "id": "pi_1"},
            {"type": "a", "object": {}, "created": "now"},
            {"type": "a", "object": {}, "livemode": "yes"},
        ],
    )
    def test_what_makes_no_event_is_refused(self, control, body):
        status, answer = control("POST", "events", body)
        assert status in (400, 404) and answer["error"]["message"]
        assert control.get("events")["events"] == []
