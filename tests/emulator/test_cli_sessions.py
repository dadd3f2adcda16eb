"""The Stripe CLI's sessions, met by a client that misbehaves in ways in which the CLI does not."""

from __future__ import annotations

import asyncio
import json
import threading

import aiohttp
import pytest
import stripe

from stripe_audit.emulator.stripecli.session import Session
from tests.emulator.steps import create, wait_for


@pytest.fixture
def open_session(client):
    def open(*features, **params):
        form = {"device_name": "tests", "websocket_features": list(features) or ["webhooks"], **params}
        return json.loads(client.raw_request("post", "/v1/stripecli/sessions", **form).body)

    return open


@pytest.fixture(autouse=True)
def _nobody_listens(control):
    yield

    def is_gone():
        control.delete("stripecli")
        return not control.get("stripecli")["sessions"]

    wait_for(is_gone)


class Connected:
    """One connection, as the CLI dials it. ``answers`` maps a message to what is sent back."""

    def __init__(self, session, answers):
        self.session, self.answers = session, answers
        self.got = []
        self._ended = None
        self._loop = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(5), "no connection"
        return self

    def __exit__(self, *error):
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)

    async def _run(self):
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        url = f"{self.session['websocket_url']}?websocket_feature={self.session['websocket_authorized_feature']}"
        headers = {"Websocket-Id": self.session["websocket_id"]}
        async with aiohttp.ClientSession() as http, http.ws_connect(url, headers=headers) as socket:
            self._up.set()
            reading = asyncio.create_task(self._read(socket))
            ending = asyncio.create_task(self._ended.wait())
            await asyncio.wait([reading, ending], return_when=asyncio.FIRST_COMPLETED)
            reading.cancel()
            await socket.close(message=b"Connection Done")

    async def _read(self, socket):
        async for message in socket:
            told = json.loads(message.data)
            self.got.append(told)
            for answer in self.answers(told):
                await socket.send_str(answer if isinstance(answer, str) else json.dumps(answer))


def ack(message):
    yield {
        "type": "event_ack",
        "event_id": json.loads(message["event_payload"])["id"],
        "webhook_id": message["webhook_id"],
        "webhook_conversation_id": message["webhook_conversation_id"],
    }


def silent(message):
    return ()


async def handshake(session, **headers):
    async with aiohttp.ClientSession() as http:
        answer = await http.get(session["websocket_url"].replace("ws", "http", 1), headers=headers)
        return answer.status, await answer.json()


class TestOpening:
    def test_what_the_cli_needs_to_know(self, open_session, emulator):
        told = open_session("webhooks", "v2_events")
        assert told["websocket_url"].startswith("ws://127.0.0.1:") and told["websocket_authorized_feature"]
        assert told["secret"].startswith("whsec_") and len(told["secret"]) == len("whsec_") + 64
        assert (told["default_version"], told["latest_version"]) == ("2026-08-26.dahlia", stripe.api_version)
        assert emulator.keys.secret not in json.dumps(told)

    @pytest.mark.parametrize(
        "params",
        [
            {"websocket_features": ["webhooks"]},
            {"device_name": "d"},
            {"device_name": "d", "websocket_features": ["everything"]},
            {"device_name": "d", "websocket_features": ["webhooks"], "alien": "1"},
            {"device_name": "d", "websocket_features": ["request_logs"], "filters": "{"},
            {"device_name": "d", "websocket_features": ["request_logs"], "filters": "[]"},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, client, params):
        with pytest.raises(stripe.InvalidRequestError):
            client.raw_request("post", "/v1/stripecli/sessions", **params)

    def test_a_publishable_key_opens_nothing(self, browser):
        with pytest.raises(stripe.PermissionError):
            browser.raw_request("post", "/v1/stripecli/sessions", device_name="d", websocket_features=["webhooks"])

    def test_it_gets_no_events_before_it_has_connected(self, open_session, client, control):
        open_session()
        create(client)
        assert control.get("deliveries")["deliveries"] == []


class TestHandshake:
    UNKNOWN = (400, {"error": {"message": "Unknown WebSocket ID."}})

    @pytest.mark.parametrize("identity", ["", "none", "cliws_" + "0" * 32 + "_" + "z" * 32])
    def test_an_id_that_none_can_have(self, open_session, identity):
        assert asyncio.run(handshake(open_session(), **{"Websocket-Id": identity})) == self.UNKNOWN

    def test_no_upgrade(self, open_session):
        told = open_session()
        assert asyncio.run(handshake(told, **{"Websocket-Id": told["websocket_id"]})) == self.UNKNOWN

    def test_a_page_in_a_browser_gets_nothing(self, open_session):
        told = open_session()

        async def dial():
            headers = {"Websocket-Id": told["websocket_id"], "Origin": "http://127.0.0.1:5173"}
            async with aiohttp.ClientSession() as http, http.ws_connect(told["websocket_url"], headers=headers):
                pass

        with pytest.raises(aiohttp.WSServerHandshakeError):
            asyncio.run(dial())

    def test_one_from_another_process_is_taken_back(self, open_session, client, control):
        told = open_session()
        key = told["websocket_id"].rpartition("_")[0]
        stranger = {**told, "websocket_id": f"{key}_{'0123456789abcdef' * 2}"}
        with Connected(stranger, ack) as connected:
            create(client)
            assert control.post("deliveries/drain")["drained"] is True
            message = connected.got[0]
        stripe.Webhook.construct_event(
            message["event_payload"], message["http_headers"]["Stripe-Signature"], told["secret"]
        )


class TestEvents:
    def test_one_message_for_each_kind_of_cli(self, open_session, client, control):
        with Connected(open_session(), ack) as connected:
            create(client)
            assert control.post("deliveries/drain")["drained"] is True
            versions = [
                (one["endpoint"]["api_version"], json.loads(one["event_payload"])["api_version"])
                for one in connected.got
            ]
        assert versions == [(None, "2026-08-26.dahlia"), (stripe.api_version, stripe.api_version)]

    def test_features_are_respected(self, open_session, client, control):
        with Connected(open_session("request_logs"), silent) as logs:
            create(client)
            wait_for(lambda: logs.got)
            assert {one["type"] for one in logs.got} == {"request_log_event"}
            assert control.get("deliveries")["deliveries"] == []

    def test_no_acknowledgement_is_a_failure(self, open_session, client, control, monkeypatch):
        monkeypatch.setattr("stripe_audit.emulator.stripecli.session.ACK_S", 0.1)
        with Connected(open_session(), silent):
            create(client)
            assert control.post("deliveries/drain")["drained"] is True
        (told,) = control.get("deliveries")["deliveries"]
        assert told["state"] == "failed" and "did not acknowledge" in told["attempts"][0]["error"]
        assert client.v1.events.list().data[0].pending_webhooks == 1

    def test_what_was_not_acknowledged_is_sent_again_on_the_next_connection(self, open_session, client, control):
        session = open_session()
        with Connected(session, silent) as first:
            intent = create(client)
            wait_for(lambda: len(first.got) == 2)
            with Connected(session, ack) as second:
                assert control.post("deliveries/drain")["drained"] is True
                assert [json.loads(one["event_payload"])["data"]["object"]["id"] for one in second.got] == [
                    intent.id
                ] * 2
        assert control.get("deliveries")["deliveries"][0]["state"] == "delivered"

    def test_a_cli_that_has_ended_is_not_waited_for(self, open_session, client, control):
        with Connected(open_session(), silent) as connected:
            create(client)
            wait_for(lambda: connected.got)
        assert control.post("deliveries/drain", timeout=1)["drained"] is True
        assert control.get("deliveries")["deliveries"][0]["state"] == "failed"

    def test_the_worst_answer_of_several_counts(self, open_session, client, control):
        def answer(message):
            yield from ack(message)
            if message["endpoint"]["api_version"] is None:
                for status in (200, 500, 200):
                    yield {
                        "type": "webhook_response",
                        "status": status,
                        "body": f"said {status}",
                        "forward_url": "http://127.0.0.1:1/",
                        "webhook_conversation_id": message["webhook_conversation_id"],
                    }

        with Connected(open_session(forward_to_url="http://127.0.0.1:1/"), answer):
            create(client)
            control.post("deliveries/drain")
            attempt = wait_for(
                lambda: len((one := control.get("deliveries")["deliveries"][0])["attempts"][0]["forwards"]) == 3 and one
            )
        assert (attempt["state"], attempt["attempts"][0]["status"], attempt["attempts"][0]["response_body"]) == (
            "failed",
            500,
            "said 500",
        )

    @pytest.mark.parametrize(
        "noise",
        [
            "not json",
            "[]",
            "{}",
            '{"type": 7}',
            '{"type": "event_ack"}',
            '{"type": "webhook_response", "status": "x", "webhook_conversation_id": [1]}',
            '{"type": "webhook_response", "status": true, "webhook_conversation_id": null}',
            '{"type": "unknown"}',
            "[" * 5000,
        ],
    )
    def test_noise_is_passed_over(self, open_session, client, control, noise):
        def answer(message):
            yield noise
            yield from ack(message)

        with Connected(open_session(), answer):
            create(client)
            assert control.post("deliveries/drain")["drained"] is True
        assert control.get("deliveries")["deliveries"][0]["state"] == "delivered"


def test_features_keep_their_order():
    async def features():
        return Session("id", "whsec_x", None, ["v2_events", "webhooks", "alien"], {}, {}).features

    assert asyncio.run(features()) == ("webhooks", "v2_events")
