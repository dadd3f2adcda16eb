"""Webhook endpoints, and what arrives there."""

from __future__ import annotations

import json
import time

import pytest
import stripe

from stripe_audit import signatures
from stripe_audit.emulator import Emulator, EmulatorConfig
from tests.emulator.receiver import Receiver
from tests.emulator.steps import Control, create, pay, wait_for


def listen(client, receiver, *events, **params):
    return client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(events) or ["*"], **params})


def deliveries(control, object):
    return control.get(f"deliveries?object={object}")["deliveries"]


class TestEndpoints:
    def test_the_secret_is_shown_once(self, client):
        made = client.v1.webhook_endpoints.create(
            {"url": "http://127.0.0.1:1/hook", "enabled_events": ["charge.succeeded"], "description": "d"}
        )
        assert made.secret.startswith("whsec_") and made.status == "enabled"
        assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id).to_dict()
        listed = client.v1.webhook_endpoints.list().data
        assert [one.id for one in listed] == [made.id] and "secret" not in listed[0].to_dict()

    def test_one_for_connected_accounts_shows_the_platform_s_application(self, client, control):
        told = {"url": "http://127.0.0.1:1/a", "enabled_events": ["*"]}
        made = client.v1.webhook_endpoints.create({**told, "connect": True})
        assert made.application.startswith("ca_")
        assert client.v1.webhook_endpoints.create(told).application is None
        assert control.post("webhook_endpoints", **told, secret="whsec_a", connect=True)["application"]
        assert control.post("webhook_endpoints", **told, secret="whsec_b", connect=False)["application"] is None

    def test_it_is_changed_and_deleted(self, client):
        made = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/a", "enabled_events": ["*"]})
        changed = client.v1.webhook_endpoints.update(
            made.id, {"url": "http://127.0.0.1:1/b", "enabled_events": ["charge.failed"], "disabled": True}
        )
        assert (changed.url, changed.enabled_events, changed.status) == (
            "http://127.0.0.1:1/b",
            ["charge.failed"],
            "disabled",
        )
        assert client.v1.webhook_endpoints.delete(made.id).deleted is True
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.webhook_endpoints.retrieve(made.id)
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")

    @pytest.mark.parametrize("url", ["", "nothing", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "//x"])
    def test_a_url_that_is_none_is_refused(self, client, url):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
        assert caught.value.param == "url"

    @pytest.mark.parametrize("events", [["no.such.event"], [""]])
    def test_an_event_type_that_does_not_exist_is_refused(self, client, events):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/", "enabled_events": events})

    def test_there_are_at_most_sixteen(self, client):
        for number in range(16):
            client.v1.webhook_endpoints.create({"url": f"http://127.0.0.1:1/{number}", "enabled_events": ["*"]})
        with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
            client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/16", "enabled_events": ["*"]})


class TestDeliveries:
    def test_the_official_library_accepts_the_signature(self, client, control, receiver):
        secret = listen(client, receiver, "payment_intent.succeeded").secret
        intent = pay(client, description="Zwölf Würste 🌭")
        assert control.post("deliveries/drain")["drained"] is True
        (got,) = receiver.received
        event = client.construct_event(got.body, got.headers["Stripe-Signature"], secret)
        assert (event.type, event.data.object.id, event.data.object.description) == (
            "payment_intent.succeeded",
            intent.id,
            "Zwölf Würste 🌭",
        )
        for body, key in ((got.body + b" ", secret), (got.body, "whsec_other")):
            with pytest.raises(stripe.SignatureVerificationError):
                client.construct_event(body, got.headers["Stripe-Signature"], key)

    def test_it_looks_like_stripes(self, client, control, receiver):
        listen(client, receiver)
        create(client)
        control.post("deliveries/drain")
        (got,) = receiver.received
        assert got.method == "POST" and got.headers["Content-Type"] == "application/json; charset=utf-8"
        assert got.headers["User-Agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
        assert got.body == json.dumps(got.event, indent=2, ensure_ascii=False).encode()
        parsed = signatures.parse_header(got.headers["Stripe-Signature"])
        assert [scheme for scheme, _ in parsed.signatures] == ["v1", "v0"]
        assert abs(parsed.timestamp - time.time()) < 60

    def test_only_what_the_endpoint_listens_to(self, client, control, receiver):
        listen(client, receiver, "charge.succeeded", "payment_intent.created")
        pay(client)
        control.post("deliveries/drain")
        assert receiver.types == ["payment_intent.created", "charge.succeeded"]

    def test_each_endpoint_with_its_own_secret(self, client, control, receiver):
        other = Receiver()
        try:
            secrets = [listen(client, one, "payment_intent.created").secret for one in (receiver, other)]
            create(client)
            control.post("deliveries/drain")
            for one, secret in zip((receiver, other), secrets, strict=True):
                (got,) = one.received
                client.construct_event(got.body, got.headers["Stripe-Signature"], secret)
            assert secrets[0] != secrets[1]
        finally:
            other.stop()

    def test_in_the_version_of_the_endpoint(self, client, control, receiver):
        listen(client, receiver, api_version="2025-09-30.clover")
        create(client)
        control.post("deliveries/drain")
        assert receiver.received[0].event["api_version"] == "2025-09-30.clover"
        assert client.v1.events.list().data[0].api_version == "2026-08-26.dahlia"

    def test_events_of_one_object_keep_their_order(self, client, control, receiver):
        listen(client, receiver)
        ids = [pay(client).id for _ in range(3)]
        control.post("deliveries/drain")
        for identity in ids:
            got = [
                one.event["type"]
                for one in receiver.received
                if identity in (one.event["data"]["object"]["id"], one.event["data"]["object"].get("payment_intent"))
            ]
            assert got == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"]

    def test_half_a_surrogate_pair_is_delivered_as_json(self, client, control, receiver):
        secret = listen(client, receiver).secret
        control("POST", "events", {"type": "x.y", "object": {"id": "o", "name": "\ud800"}})
        control.post("deliveries/drain")
        (got,) = receiver.received
        assert got.event["data"]["object"]["name"] == "\ud800"
        signatures.verify(got.body, got.headers["Stripe-Signature"], secret, now=time.time())

    @pytest.mark.parametrize("change", [{"disabled": True}, None])
    def test_a_disabled_or_deleted_endpoint_gets_nothing(self, client, control, receiver, change):
        endpoint = listen(client, receiver)
        if change:
            client.v1.webhook_endpoints.update(endpoint.id, change)
        else:
            client.v1.webhook_endpoints.delete(endpoint.id)
        create(client)
        assert control.post("deliveries/drain")["drained"] is True
        assert receiver.received == []


class TestRetries:
    @pytest.mark.parametrize("status", [400, 404, 500, 301, 302])
    def test_anything_but_success_is_tried_again(self, client, control, receiver, status):
        receiver.answer = lambda n: status if n <= 2 else 200
        secret = listen(client, receiver).secret
        intent = create(client)
        assert control.post("deliveries/drain")["drained"] is True
        assert len({one.event["id"] for one in receiver.received}) == 1
        (delivery,) = deliveries(control, intent.id)
        assert [attempt["status"] for attempt in delivery["attempts"]] == [status, status, 200]
        assert delivery["state"] == "delivered"
        for one in receiver.received:
            client.construct_event(one.body, one.headers["Stripe-Signature"], secret)

    def test_three_retries_and_then_no_more(self, client, control, receiver):
        receiver.answer = lambda n: 500
        listen(client, receiver)
        intent = create(client)
        assert control.post("deliveries/drain")["drained"] is True
        (delivery,) = deliveries(control, intent.id)
        assert (delivery["state"], len(delivery["attempts"])) == ("failed", 4)
        assert client.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1

    def test_nobody_there_is_a_failure_with_a_reason(self, client, control, receiver):
        endpoint = listen(client, receiver)
        client.v1.webhook_endpoints.update(endpoint.id, {"url": "http://127.0.0.1:1/"})
        intent = create(client)
        assert control.post("deliveries/drain")["drained"] is True
        (delivery,) = deliveries(control, intent.id)
        assert delivery["state"] == "failed"
        assert all(attempt["status"] is None and "Connect" in attempt["error"] for attempt in delivery["attempts"])

    def test_a_retry_does_not_hold_up_what_follows(self, client, control, receiver):
        receiver.answer = lambda n: 500 if n == 1 else 200
        listen(client, receiver)
        pay(client)
        control.post("deliveries/drain")
        assert receiver.types[:2] == ["payment_intent.created", "charge.succeeded"]
        assert receiver.types.count("payment_intent.created") == 2

    def test_an_endpoint_that_is_disabled_gets_no_retry(self, client, control, receiver):
        receiver.answer = lambda n: 500
        receiver.open.clear()
        endpoint = listen(client, receiver)
        intent = create(client)
        wait_for(lambda: receiver.received)
        client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
        receiver.open.set()
        assert control.post("deliveries/drain")["drained"] is True
        assert deliveries(control, intent.id)[0]["state"] == "failed"
        assert len(receiver.received) == 1

    def test_a_receiver_that_does_not_answer_times_out(self, receiver):
        receiver.open.clear()
        config = EmulatorConfig(
            delivery_timeout=0.05, retry_schedule=(), webhooks=((receiver.url, "whsec_of_the_receiver"),)
        )
        with Emulator(config) as running:
            control = Control(running.url, running.control_token)
            control.post("events", type="a.b", object={"id": "o"})
            assert control.post("deliveries/drain")["drained"] is True
            (delivery,) = control.get("deliveries")["deliveries"]
        assert delivery["state"] == "failed" and "timed out" in delivery["attempts"][0]["error"]

    def test_waits_are_on_the_emulators_clock(self, receiver):
        receiver.answer = lambda n: 500
        config = EmulatorConfig(retry_schedule=(3600.0,), webhooks=((receiver.url, "whsec_of_the_receiver"),))
        with Emulator(config) as running:
            control = Control(running.url, running.control_token)
            control.post("events", type="a.b", object={"id": "o"})
            wait_for(lambda: control.get("deliveries")["deliveries"][0]["state"] == "retrying")
            control.post("clock/advance", seconds=3600)
            assert control.post("deliveries/drain")["drained"] is True
        assert len(receiver.received) == 2
        first, second = (signatures.parse_header(one.headers["Stripe-Signature"]) for one in receiver.received)
        assert second.timestamp - first.timestamp < 60, "signatures carry wall time"

    def test_nothing_leaves_the_machine(self, client, control):
        client.v1.webhook_endpoints.create({"url": "https://shop.example/hook", "enabled_events": ["*"]})
        intent = create(client)
        assert control.post("deliveries/drain")["drained"] is True
        (delivery,) = deliveries(control, intent.id)
        assert (delivery["state"], len(delivery["attempts"])) == ("failed", 1)
        assert "loopback" in delivery["attempts"][0]["error"]

    def test_nine_days_of_failures_disable_the_endpoint(self, client, control, receiver):
        receiver.answer = lambda n: 404
        endpoint = listen(client, receiver)
        create(client)
        control.post("deliveries/drain")
        control.post("clock/advance", seconds=8 * 24 * 3600)
        create(client)
        control.post("deliveries/drain")
        assert client.v1.webhook_endpoints.retrieve(endpoint.id).status == "enabled"
        control.post("clock/advance", seconds=2 * 24 * 3600)
        create(client)
        control.post("deliveries/drain")
        assert client.v1.webhook_endpoints.retrieve(endpoint.id).status == "disabled"
        count = len(receiver.received)
        create(client)
        assert control.post("deliveries/drain")["drained"] is True and len(receiver.received) == count

    def test_one_success_starts_the_count_anew(self, client, control, receiver):
        receiver.answer = lambda n: 200 if n == 5 else 404
        endpoint = listen(client, receiver)
        for _ in range(3):
            create(client)
            control.post("deliveries/drain")
            control.post("clock/advance", seconds=6 * 24 * 3600)
        assert len(receiver.received) == 9, "four attempts, the one that succeeded, four more"
        assert client.v1.webhook_endpoints.retrieve(endpoint.id).status == "enabled"


class TestRolledSecrets:
    def signatures(self, receiver):
        parsed = signatures.parse_header(receiver.received[-1].headers["Stripe-Signature"])
        return len(parsed.of("v1"))

    def deliver(self, client, control):
        create(client)
        control.post("deliveries/drain")

    def test_both_sign_while_the_old_one_lives(self, client, control, receiver):
        endpoint = listen(client, receiver)
        fresh = control.post(f"webhook_endpoints/{endpoint.id}/roll", expires_in=3600)["secret"]
        self.deliver(client, control)
        got = receiver.received[-1]
        assert fresh != endpoint.secret and self.signatures(receiver) == 2
        for secret in (fresh, endpoint.secret):
            client.construct_event(got.body, got.headers["Stripe-Signature"], secret)
        control.post("clock/advance", seconds=3600)
        self.deliver(client, control)
        got = receiver.received[-1]
        assert self.signatures(receiver) == 1
        client.construct_event(got.body, got.headers["Stripe-Signature"], fresh)
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(got.body, got.headers["Stripe-Signature"], endpoint.secret)

    def test_at_once(self, client, control, receiver):
        endpoint = listen(client, receiver)
        fresh = control.post(f"webhook_endpoints/{endpoint.id}/roll")["secret"]
        self.deliver(client, control)
        got = receiver.received[-1]
        client.construct_event(got.body, got.headers["Stripe-Signature"], fresh)
        assert self.signatures(receiver) == 1

    def test_not_for_longer_than_a_day(self, client, control, receiver):
        endpoint = listen(client, receiver)
        status, _ = control("POST", f"webhook_endpoints/{endpoint.id}/roll", {"expires_in": 86401})
        assert status == 400
        assert control("POST", "webhook_endpoints/we_none/roll", {})[0] == 404


class TestPending:
    def test_it_counts_those_who_have_not_got_it(self, client, control, receiver):
        other = Receiver(lambda n: 500)
        try:
            for one in (receiver, other):
                listen(client, one, "payment_intent.created")
            create(client)
            control.post("deliveries/drain")
        finally:
            other.stop()
        assert receiver.received[0].event["pending_webhooks"] == 2
        assert client.v1.events.list().data[0].pending_webhooks == 1
