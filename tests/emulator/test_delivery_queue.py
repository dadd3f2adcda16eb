"""The queue, steered: hold, release, resend, withdraw, drain."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stripe_audit.emulator import EmulatorConfig
from stripe_audit.emulator.clock import Clock
from stripe_audit.emulator.deliveries import Deliveries
from stripe_audit.emulator.lineage import Lineage
from stripe_audit.emulator.rendering import Renderer
from stripe_audit.emulator.store import Store
from tests.emulator.steps import create, pay, wait_for


@pytest.fixture
def endpoint(client, receiver):
    return client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})


def events_of(control, object):
    return {event["type"]: event["id"] for event in control.get(f"events?object={object}")["events"]}


def about(receiver, identity):
    """Types that came about an intent, its charge and refunds."""
    return [
        one.event["type"]
        for one in receiver.received
        if identity in (one.event["data"]["object"]["id"], one.event["data"]["object"].get("payment_intent"))
    ]


@pytest.mark.usefixtures("endpoint")
class TestHold:
    def test_of_an_object_keeps_its_family_and_nothing_else(self, client, control, receiver):
        held, free = create(client), create(client)
        control.post("deliveries/drain")
        assert control.post("deliveries/hold", object=held.id) == {"held": 0}
        for intent in (held, free):
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
            client.v1.refunds.create({"payment_intent": intent.id})
        assert control.post("deliveries/drain")["drained"] is True
        assert about(receiver, held.id) == ["payment_intent.created"]
        assert about(receiver, free.id)[-2:] == ["refund.created", "charge.refunded"]
        attempts = control.post("deliveries/release", object=held.id)["attempts"]
        assert about(receiver, held.id) == about(receiver, free.id)
        assert [attempt["status"] for attempt in attempts] == [200] * 5

    def test_by_metadata_catches_what_does_not_exist_yet(self, client, control, receiver):
        control.post("deliveries/hold", metadata={"run": "7"})
        mine = pay(client, metadata={"run": "7", "order": "1"})
        pay(client, metadata={"run": "8"})
        control.post("deliveries/drain")
        assert about(receiver, mine.id) == []
        control.post("deliveries/release", metadata={"run": "7"})
        assert len(about(receiver, mine.id)) == 4

    @pytest.mark.parametrize("params", [{"description": "Order #771"}, {"metadata": {"ref": "x-#771-y"}}])
    def test_by_a_word_that_it_mentions(self, client, control, receiver, params):
        control.post("deliveries/hold", mentions="#771")
        mine, other = pay(client, **params), pay(client, description="Order #772")
        control.post("deliveries/drain")
        assert (len(about(receiver, mine.id)), len(about(receiver, other.id))) == (0, 4)
        control.post("deliveries/release", mentions="#771")
        assert len(about(receiver, mine.id)) == 4

    def test_of_all(self, client, control, receiver):
        control.post("deliveries/hold", all=True)
        first, second = pay(client), pay(client)
        assert control.post("deliveries/drain")["drained"] is True
        assert receiver.received == []
        control.post("deliveries/release", object=second.id)
        assert len(about(receiver, second.id)) == 4 and about(receiver, first.id) == []
        client.v1.refunds.create({"payment_intent": second.id})
        control.post("deliveries/drain")
        assert len(about(receiver, second.id)) == 6, "a released object is exempt from the wider hold"
        control.post("deliveries/release", all=True)
        assert len(about(receiver, first.id)) == 4

    def test_catches_what_waits_for_a_retry(self, client, control, receiver):
        receiver.answer = lambda n: 500 if n == 1 else 200
        receiver.open.clear()
        intent = create(client)
        wait_for(lambda: receiver.received)
        assert control.post("deliveries/hold", object=intent.id) == {"held": 1}
        receiver.open.set()
        assert control.post("deliveries/drain")["drained"] is True
        wait_for(lambda: control.get("deliveries")["deliveries"][0]["attempts"])
        assert control.get("deliveries")["deliveries"][0]["state"] == "held"
        control.post("deliveries/release", object=intent.id)
        assert control.get("deliveries")["deliveries"][0]["state"] == "delivered"
        assert len(receiver.received) == 2

    def test_after_the_release_later_events_leave_on_their_own(self, client, control, receiver):
        intent = create(client)
        control.post("deliveries/drain")
        control.post("deliveries/hold", object=intent.id)
        control.post("deliveries/release", object=intent.id)
        client.v1.payment_intents.cancel(intent.id)
        control.post("deliveries/drain")
        assert about(receiver, intent.id) == ["payment_intent.created", "payment_intent.canceled"]


@pytest.mark.usefixtures("endpoint")
class TestRelease:
    @pytest.fixture
    def held(self, client, control):
        control.post("deliveries/hold", all=True)
        return pay(client)

    def test_in_an_order_of_types(self, control, receiver, held):
        wanted = ["payment_intent.succeeded", "payment_intent.created"]
        control.post("deliveries/release", object=held.id, types=wanted)
        assert receiver.types == wanted
        control.post("deliveries/release", object=held.id)
        assert receiver.types[2:] == ["charge.succeeded", "charge.updated"]

    def test_in_an_order_of_events(self, control, receiver, held):
        ids = list(events_of(control, held.id).values())[::-1]
        control.post("deliveries/release", object=held.id, events=ids)
        assert [one.event["id"] for one in receiver.received] == ids

    def test_more_than_once(self, control, receiver, held):
        attempts = control.post("deliveries/release", object=held.id, types=["charge.succeeded"], duplicate=3)[
            "attempts"
        ]
        assert receiver.types == ["charge.succeeded"] * 3 and len(attempts) == 3

    def test_what_was_refused_stays_failed_and_is_not_retried(self, control, receiver, held):
        receiver.answer = lambda n: 500
        control.post("deliveries/release", object=held.id, types=["charge.succeeded"])
        assert control.post("deliveries/drain")["drained"] is True
        states = {one["type"]: one["state"] for one in control.get("deliveries")["deliveries"]}
        assert (states["charge.succeeded"], len(receiver.received)) == ("failed", 1)

    def test_reports_what_the_receiver_said(self, control, receiver, held):
        (attempt,) = control.post("deliveries/release", object=held.id, types=["charge.succeeded"])["attempts"]
        assert (attempt["type"], attempt["status"], attempt["response_body"]) == ("charge.succeeded", 200, "ok")
        assert attempt["duration_ms"] > 0


@pytest.mark.usefixtures("endpoint")
class TestResend:
    def test_a_delivered_event_again(self, client, control, receiver):
        intent = create(client)
        control.post("deliveries/drain")
        event = events_of(control, intent.id)["payment_intent.created"]
        control.post("deliveries/resend", event=event, copies=2)
        assert [one.event["id"] for one in receiver.received] == [event] * 3

    def test_at_once(self, client, control, receiver):
        intent = create(client)
        control.post("deliveries/drain")
        receiver.open.clear()
        event = events_of(control, intent.id)["payment_intent.created"]
        answers = []
        call = threading.Thread(
            target=lambda: answers.append(control.post("deliveries/resend", event=event, copies=5, concurrent=True))
        )
        call.start()
        wait_for(lambda: len(receiver.received) == 6)
        assert answers == [], "none was answered, and all had been sent"
        receiver.open.set()
        call.join(10)
        assert len(answers[0]["attempts"]) == 5

    def test_to_one_endpoint(self, client, control, receiver, endpoint):
        other = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/", "enabled_events": ["*"]})
        intent = create(client)
        control.post("deliveries/drain")
        event = events_of(control, intent.id)["payment_intent.created"]
        (attempt,) = control.post("deliveries/resend", event=event, endpoint=other.id)["attempts"]
        assert (attempt["endpoint"], attempt["status"]) == (other.id, None)
        (attempt,) = control.post("deliveries/resend", event=event, endpoint=endpoint.id)["attempts"]
        assert attempt["status"] == 200

    @pytest.mark.parametrize("body", [{}, {"event": "evt_none"}, {"event": 5}])
    def test_of_what_does_not_exist(self, control, body):
        assert control("POST", "deliveries/resend", body)[0] in (400, 404)

    @pytest.mark.parametrize("copies", [0, -1, 1001, "two", 1.5, True])
    def test_an_impossible_number_of_copies(self, client, control, copies):
        intent = create(client)
        event = events_of(control, intent.id)["payment_intent.created"]
        assert control("POST", "deliveries/resend", {"event": event, "copies": copies})[0] == 400


@pytest.mark.usefixtures("endpoint")
def test_what_is_withdrawn_never_comes(client, control, receiver):
    control.post("deliveries/hold", all=True)
    intent = pay(client)
    event = events_of(control, intent.id)["charge.succeeded"]
    assert control.post("deliveries/withdraw", events=[event, "evt_none"]) == {"withdrawn": 1}
    control.post("deliveries/release", all=True)
    assert receiver.types == ["payment_intent.created", "payment_intent.succeeded", "charge.updated"]


@pytest.mark.usefixtures("endpoint")
class TestDrain:
    def test_waits_for_what_is_under_way(self, client, control, receiver):
        receiver.open.clear()
        create(client)
        assert control.post("deliveries/drain", timeout=0.05) == {"drained": False}
        receiver.open.set()
        assert control.post("deliveries/drain", timeout=5) == {"drained": True}

    def test_a_reset_ends_the_waiting(self):
        async def waits_for_an_event_that_a_reset_forgets():
            config = EmulatorConfig()
            deliveries = Deliveries(Clock(), config, Renderer(Store()))
            endpoint = {"id": "we_1", "url": "http://127.0.0.1:1/", "status": "enabled", "enabled_events": ["*"]}
            event = {"id": "evt_1", "type": "a.b", "pending_webhooks": 0, "api_version": "", "data": {"object": {}}}
            deliveries.offer(event, [endpoint], Lineage("o", frozenset({"o"}), ()))
            waiting = asyncio.create_task(deliveries.drain(10))
            await asyncio.sleep(0)
            assert not waiting.done()
            deliveries.clear()
            async with asyncio.timeout(2):
                assert await waiting is True
            await deliveries.stop()

        asyncio.run(waits_for_an_event_that_a_reset_forgets())

    @pytest.mark.parametrize("timeout", ["soon", True, None])
    def test_a_timeout_that_is_none(self, control, timeout):
        assert control("POST", "deliveries/drain", {"timeout": timeout})[0] == 400


@pytest.mark.parametrize("body", [{}, {"object": ""}, {"metadata": {}}, {"all": "yes"}, {"mentions": 5}])
def test_a_hold_must_say_of_what(control, body):
    for action in ("hold", "release"):
        assert control("POST", f"deliveries/{action}", body)[0] == 400
