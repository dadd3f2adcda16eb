"""Event destinations and thin events, driven by the official library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
import stripe
from stripe.events._event_classes import get_v2_event_class

from tests.emulator.steps import create, pay

SHOW = ["webhook_endpoint.signing_secret", "webhook_endpoint.url"]


def make(client, receiver, *types, payload="thin", **params):
    return client.v2.core.event_destinations.create(
        {
            "name": "Mine",
            "type": "webhook_endpoint",
            "event_payload": payload,
            "enabled_events": list(types) or ["*"],
            "webhook_endpoint": {"url": receiver.url},
            "include": SHOW,
            **params,
        }
    )


class TestDestinations:
    def test_the_secret_is_shown_once_and_only_on_request(self, client, receiver):
        made = make(client, receiver)
        assert made.webhook_endpoint.signing_secret.startswith("whsec_") and made.webhook_endpoint.url == receiver.url
        again = client.v2.core.event_destinations.retrieve(made.id, {"include": SHOW})
        assert (again.webhook_endpoint.signing_secret, again.webhook_endpoint.url) == (None, receiver.url)
        assert client.v2.core.event_destinations.retrieve(made.id).webhook_endpoint.url is None
        assert type(made) is stripe.v2.core.EventDestination

    def test_it_has_the_fields_of_its_class(self, client, receiver):
        made = make(client, receiver).to_dict()
        assert set(made) == set(stripe.v2.core.EventDestination.__annotations__) - {"OBJECT_NAME", "_inner_class_types"}

    def test_it_is_changed_disabled_enabled_and_deleted(self, client, receiver):
        destinations, made = client.v2.core.event_destinations, make(client, receiver, metadata={"a": "b", "c": "d"})
        changed = destinations.update(
            made.id, {"name": "Other", "enabled_events": ["v1.charge.succeeded"], "metadata": {"a": None, "e": "f"}}
        )
        assert (changed.name, changed.enabled_events, changed.metadata.to_dict()) == (
            "Other",
            ["v1.charge.succeeded"],
            {"c": "d", "e": "f"},
        )
        disabled = destinations.disable(made.id)
        assert (disabled.status, disabled.status_details.disabled.reason) == ("disabled", "user")
        assert destinations.enable(made.id).status == "enabled"
        assert destinations.delete(made.id).id == made.id
        with pytest.raises(stripe.InvalidRequestError) as caught:
            destinations.retrieve(made.id)
        assert (caught.value.http_status, caught.value.code) == (404, "not_found")

    def test_pages_lead_on_and_back(self, client, receiver):
        ids = [make(client, receiver).id for _ in range(5)][::-1]
        first = client.v2.core.event_destinations.list({"limit": 2, "include": ["webhook_endpoint.url"]})
        assert [one.id for one in first.data] == ids[:2] and first.previous_page_url is None
        assert [one.id for one in first.auto_paging_iter()] == ids
        assert all(one.webhook_endpoint.url for one in first.auto_paging_iter())

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"enabled_events": ["charge.succeeded"]}, "enabled_events"),
            ({"enabled_events": []}, "enabled_events"),
            ({"webhook_endpoint": {"url": "nothing"}}, "url"),
            ({"webhook_endpoint": {}}, "webhook_endpoint[url]"),
            ({"name": None}, "name"),
            ({"event_payload": "fat"}, "event_payload"),
            ({"snapshot_api_version": "2026-08-26.dahlia"}, "snapshot_api_version"),
            ({"alien": 1}, "alien"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, client, receiver, change, param):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            make(client, receiver, **change)
        assert caught.value.json_body["error"]["param"] == param

    def test_there_are_sixteen_at_most_with_webhook_endpoints(self, client, receiver):
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        for _ in range(15):
            make(client, receiver)
        with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
            make(client, receiver)

    @pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"null", b"{" * 2000])
    def test_a_body_that_is_no_json_object_is_refused(self, emulator, body):
        request = urllib.request.Request(
            f"{emulator.url}/v2/core/event_destinations",
            data=body,
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {emulator.keys.secret}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(request, timeout=10)
        with caught.value as error:
            assert (error.code, json.loads(error.read())["error"]["code"]) == (400, "invalid_json")


class TestThinEvents:
    def test_they_are_signed_and_delivered(self, client, control, receiver):
        made = make(client, receiver, "v1.payment_intent.succeeded")
        intent = pay(client)
        control.post("deliveries/drain")
        (got,) = receiver.received
        told = client.parse_event_notification(
            got.body, got.headers["Stripe-Signature"], made.webhook_endpoint.signing_secret
        )
        assert (told.type, told.related_object.id, told.livemode) == ("v1.payment_intent.succeeded", intent.id, False)
        assert told.fetch_related_object().status == "succeeded"
        whole = told.fetch_event()
        assert (whole.id, whole.type) == (told.id, told.type)
        assert client.v1.events.retrieve(whole.snapshot_event).type == "payment_intent.succeeded"
        assert told.reason.request.id == intent.last_response.headers["Request-Id"]
        assert got.body == json.dumps(got.event, indent=2).encode()

    def test_a_disabled_destination_gets_nothing(self, client, control, receiver):
        client.v2.core.event_destinations.disable(make(client, receiver).id)
        create(client)
        assert control.post("deliveries/drain")["drained"] is True and receiver.received == []

    def test_failures_are_tried_again(self, client, control, receiver):
        receiver.answer = lambda n: 500 if n == 1 else 200
        make(client, receiver)
        create(client)
        control.post("deliveries/drain")
        assert len(receiver.received) == 2 and len({one.event["id"] for one in receiver.received}) == 1

    def test_snapshots_at_the_destinations_version(self, client, control, receiver):
        made = make(client, receiver, payload="snapshot", snapshot_api_version="2025-02-24.acacia")
        create(client)
        control.post("deliveries/drain")
        (got,) = receiver.received
        event = client.construct_event(got.body, got.headers["Stripe-Signature"], made.webhook_endpoint.signing_secret)
        assert (event.type, event.api_version, event.data.object.invoice) == (
            "payment_intent.created",
            "2025-02-24.acacia",
            None,
        )

    def test_a_ping_arrives_whatever_it_listens_to(self, client, control, receiver):
        made = make(client, receiver, "v1.charge.succeeded")
        sent = client.v2.core.event_destinations.ping(made.id)
        control.post("deliveries/drain")
        (got,) = receiver.received
        assert (got.event["id"], got.event["type"]) == (sent.id, "v2.core.event_destination.ping")
        assert got.event["related_object"]["id"] == made.id
        assert client.v1.events.list().data == [], "the v1 API does not know it"

    def test_they_are_listed(self, client):
        intents = [create(client) for _ in range(3)]
        listed = client.v2.core.events.list({"limit": 2})
        assert [one.related_object.id for one in listed.auto_paging_iter()] == [one.id for one in intents][::-1]
        (one,) = client.v2.core.events.list({"object_id": intents[1].id}).data
        assert type(one) is get_v2_event_class("v1.payment_intent.created") and one.snapshot_event.startswith("evt_")
        assert client.v2.core.events.list({"types": ["v1.charge.failed"]}).data == []
        assert len(client.v2.core.events.list({"created": {"gte": one.created}}).data) == 3
        assert client.v2.core.events.list({"created": {"lt": "2020-01-01T00:00:00Z"}}).data == []

    @pytest.mark.parametrize("params", [{"created": {"gt": "yesterday"}}, {"limit": 0}, {"page": "x"}])
    def test_a_question_that_cannot_be_answered(self, client, params):
        with pytest.raises(stripe.InvalidRequestError):
            client.v2.core.events.list(params)

    def test_none_of_that_name(self, client):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v2.core.events.retrieve("evt_test_none")
        assert caught.value.code == "not_found"
