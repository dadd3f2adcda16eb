"""Billing meters, their events and sums, and the v2 stream."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences


@pytest.fixture
def meters(client):
    return client.v1.billing.meters


@pytest.fixture
def customer(client):
    return client.v1.customers.create({})


def made(meters, name="calls", formula="sum"):
    return meters.create({"display_name": "Calls", "event_name": name, "default_aggregation": {"formula": formula}})


def used(client, customer, value, at, name="calls", **more):
    payload = {"stripe_customer_id": customer.id, "value": str(value)}
    return client.v1.billing.meter_events.create({"event_name": name, "payload": payload, "timestamp": at, **more})


def total(meters, meter, customer, start=0, end=7200, **more):
    params = {"customer": customer.id, "start_time": start, "end_time": end, **more}
    return [one.aggregated_value for one in meters.event_summaries.list(meter.id, params).data]


def test_a_meter_lives(meters, seen, previous, control):
    meter = made(meters)
    assert (meter.status, meter.value_settings.event_payload_key) == ("active", "value")
    assert differences(meter.to_dict()) == []
    with pytest.raises(stripe.InvalidRequestError, match="already"):
        made(meters)
    assert meters.update(meter.id, {"display_name": "Called"}).display_name == "Called"
    assert previous("billing.meter.updated")["display_name"] == "Calls"
    assert meters.deactivate(meter.id).status_transitions.deactivated_at
    assert previous("billing.meter.deactivated")["status"] == "active"
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        meters.deactivate(meter.id)
    assert [one.id for one in meters.list({"status": "inactive"}).data] == [meter.id]
    assert meters.list({"status": "active"}).data == []
    assert meters.reactivate(meter.id).status == "active"
    assert [type.rsplit(".", 1)[1] for type in seen()] == ["created", "updated", "deactivated", "reactivated"]


@pytest.mark.parametrize(("formula", "expected"), [("sum", 12.5), ("count", 3.0), ("last", 2.5)])
def test_events_are_summed_up(client, meters, customer, formula, expected):
    meter = made(meters, formula=formula)
    for value, at in ((3, 60), (7, 120), ("2.5", 3600), (100, 7200)):
        used(client, customer, value, at)
    assert total(meters, meter, customer) == [expected]


def test_sums_by_hour(client, meters, customer):
    meter = made(meters)
    for value, at in ((3, 60), (7, 120), (2, 3600)):
        used(client, customer, value, at)
    assert total(meters, meter, customer, value_grouping_window="hour") == [2, 10]
    assert total(meters, meter, client.v1.customers.create({})) == [0]
    with pytest.raises(stripe.InvalidRequestError):
        total(meters, meter, customer, start=1)


def test_events_that_cannot_be(client, meters, customer):
    made(meters)
    used(client, customer, 1, 60, identifier="one")
    for params, message in (
        ({"identifier": "one"}, "already exists"),
        ({"name": "none"}, "No active meter"),
        ({"value": "many"}, "must be a number"),
    ):
        value = params.pop("value", 1)
        with pytest.raises(stripe.InvalidRequestError, match=message):
            used(client, customer, value, 60, **params)
    payload = {"stripe_customer_id": "cus_none", "value": "1"}
    with pytest.raises(stripe.InvalidRequestError, match="customer"):
        client.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})


def test_the_stream(client, make_client, meters, customer, emulator):
    meter = made(meters)
    session = client.v2.billing.meter_event_session.create()
    assert (session.object, session.livemode) == ("v2.billing.meter_event_session", False)
    stream = make_client(session.authentication_token)
    payload = {"stripe_customer_id": customer.id, "value": "5"}
    at = "1970-01-01T00:10:00.000Z"
    events = [
        {"event_name": "calls", "payload": payload, "identifier": "a", "timestamp": at},
        {"event_name": "calls", "payload": payload, "identifier": "a", "timestamp": at},
        {"event_name": "none", "payload": payload, "timestamp": at},
        {"event_name": "calls", "payload": payload, "timestamp": "never"},
    ]
    stream.raw_request("post", "/v2/billing/meter_event_stream", events=events)
    assert total(meters, meter, customer) == [5]
    with pytest.raises(stripe.PermissionError, match="permissions"):
        stream.v1.customers.list()


def test_a_session_ends(client, make_client, control):
    token = client.v2.billing.meter_event_session.create().authentication_token
    stream = make_client(token)
    with pytest.raises(stripe.PermissionError):
        stream.v1.customers.list()
    control.post("clock/advance", seconds=901)
    # What is left is any test key to an emulator that accepts them all.
    assert stream.v1.customers.list().data == []


def streamed(client, make_client, events):
    stream = make_client(client.v2.billing.meter_event_session.create().authentication_token)
    stream.raw_request("post", "/v2/billing/meter_event_stream", events=events)


def test_what_the_stream_could_not_count_is_told_of(client, make_client, meters, customer, control, receiver):
    meter, old = made(meters), made(meters, name="old")
    meters.deactivate(old.id)
    client.v2.core.event_destinations.create(
        {
            "name": "errors",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"],
            "webhook_endpoint": {"url": receiver.url},
        }
    )
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    good, value = {"stripe_customer_id": customer.id, "value": "5"}, {"stripe_customer_id": customer.id, "value": "x"}
    streamed(
        client,
        make_client,
        [
            {"event_name": "calls", "payload": good, "identifier": "a"},
            {"event_name": "calls", "payload": good, "identifier": "a"},
            {"event_name": "calls", "payload": {"stripe_customer_id": "cus_none", "value": "5"}, "identifier": "b"},
            {"event_name": "calls", "payload": {"value": "5"}, "identifier": "c"},
            {"event_name": "calls", "payload": value, "identifier": "d"},
            {"event_name": "old", "payload": good, "identifier": "e"},
            {"event_name": "none", "payload": good, "identifier": "f"},
        ],
    )
    control.post("clock/advance", seconds=10)
    control.post("deliveries/drain")
    told = {(one.event["related_object"] or {}).get("id"): one.event for one in receiver.received}
    assert len(receiver.received) == 3
    assert {identity: event["type"].rpartition(".")[2] for identity, event in told.items()} == {
        meter.id: "error_report_triggered",
        old.id: "error_report_triggered",
        None: "no_meter_found",
    }
    assert told[meter.id]["related_object"]["url"] == f"/v1/billing/meters/{meter.id}"
    first = client.v2.core.events.retrieve(told[meter.id]["id"])
    assert type(first).__name__ == "V1BillingMeterErrorReportTriggeredEvent"
    assert first.data.developer_message_summary == "There are 3 invalid events"
    assert [(kind.code, kind.sample_errors[0].request.identifier) for kind in first.data.reason.error_types] == [
        ("meter_event_customer_not_found", "b"),
        ("meter_event_no_customer_defined", "c"),
        ("meter_event_invalid_value", "d"),
    ]
    assert first.fetch_related_object().id == meter.id
    lost = client.v2.core.events.retrieve(told[None]["id"])
    assert [kind.code for kind in lost.data.reason.error_types] == ["no_meter"]
    assert "v1.billing.meter" not in str([event.type for event in client.v1.events.list({"limit": 100}).data])


def test_a_stream_that_was_counted_is_not_told_of(client, make_client, meters, customer, control):
    made(meters)
    payload = {"stripe_customer_id": customer.id, "value": "5"}
    streamed(client, make_client, [{"event_name": "calls", "payload": payload, "identifier": name} for name in "aab"])
    control.post("clock/advance", seconds=10)
    assert client.v2.core.events.list({"types": ["v1.billing.meter.error_report_triggered"]}).data == []
