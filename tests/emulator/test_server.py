"""The emulator as a server: starting, stopping, and what a seed repeats."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
import types

import pytest
import requests
import stripe

from stripe_audit.emulator import Emulator, EmulatorConfig
from tests.emulator.steps import Control, create, pay, wait_for


def test_it_listens_on_the_loopback_and_nowhere_else(emulator):
    port = int(emulator.url.rpartition(":")[2])
    assert emulator.url == f"http://127.0.0.1:{port}"
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):
        pass


def test_it_stops_and_starts_again_empty(make_client):
    running = Emulator().start()
    try:
        create(make_client(running.keys.secret, url=running.url))
        before = running.keys
        running.stop()
        assert running.url == ""
        running.stop()
        running.start()
        client = make_client(running.keys.secret, url=running.url)
        assert client.v1.payment_intents.list().data == [] and running.keys == before
        with pytest.raises(RuntimeError):
            running.start()
    finally:
        running.stop()


def test_a_taken_port_is_an_error(emulator):
    port = int(emulator.url.rpartition(":")[2])
    second = Emulator(EmulatorConfig(port=port))
    with pytest.raises(OSError):
        second.start()
    assert second.url == ""
    second.stop()


def test_an_endpoint_that_cannot_be_used_is_an_error():
    for config in (
        EmulatorConfig(webhooks=(("nowhere", "whsec_x"),)),
        EmulatorConfig(faults=({"action": {"kind": "explode"}},)),
    ):
        with pytest.raises(Exception, match=r"Invalid URL|kind must be"):
            Emulator(config).start()


def test_it_stops_while_calls_hang_and_deliveries_wait(make_client, receiver):
    receiver.open.clear()
    running = Emulator(EmulatorConfig(webhooks=((receiver.url, "whsec_x"),))).start()
    control = Control(running.url, running.control_token)
    client = make_client(running.keys.secret, url=running.url, timeout=30)
    create(client)
    wait_for(lambda: receiver.received)
    control.fault("timeout", seconds=600)

    def hang():
        with pytest.raises(stripe.APIConnectionError):
            create(client)

    hanging = threading.Thread(target=hang)
    hanging.start()
    wait_for(lambda: control.get("faults")["faults"][0]["hits"] == 1)
    start = time.monotonic()
    running.stop()
    assert time.monotonic() - start < 3
    hanging.join(5)
    assert not hanging.is_alive()


def test_no_thread_is_left():
    before = threading.active_count()
    with Emulator() as running:
        requests.get(running.url, timeout=5)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def story(running, make_client):
    """Ids of all objects that a few calls make."""
    client = make_client(running.keys.secret, url=running.url)
    paid = pay(client)
    with pytest.raises(stripe.CardError):
        pay(client, "pm_card_chargeDeclined")
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 100})
    control = Control(running.url, running.control_token)
    events = [event["id"] for event in control.get("events")["events"]]
    calls = [call["request_id"] for call in control.calls()]
    return [running.keys, paid.id, paid.client_secret, paid.latest_charge, *events, *calls]


def test_a_seed_repeats_keys_and_ids(make_client):
    stories = []
    for seed in (7, 7, 8, None, None):
        with Emulator(EmulatorConfig(seed=seed)) as running:
            stories.append(story(running, make_client))
    assert stories[0] == stories[1]
    for one in range(1, 5):
        for other in range(one + 1, 5):
            assert not set(map(str, stories[one])) & set(map(str, stories[other]))


def test_after_a_reset_a_seed_begins_again(make_client):
    with Emulator(EmulatorConfig(seed=7)) as running:
        first = story(running, make_client)
        Control(running.url, running.control_token).post("reset")
        assert story(running, make_client) == first


def test_a_control_token_is_never_repeated():
    assert Emulator(EmulatorConfig(seed=1)).control_token != Emulator(EmulatorConfig(seed=1)).control_token
    assert len(Emulator().control_token) >= 24


@pytest.mark.parametrize("is_there", [True, False])
def test_uvloop_is_used_where_it_is_installed(monkeypatch, is_there):
    made = []

    def new_event_loop():
        made.append(asyncio.SelectorEventLoop())
        return made[-1]

    stand_in = types.SimpleNamespace(new_event_loop=new_event_loop) if is_there else None
    monkeypatch.setitem(sys.modules, "uvloop", stand_in)  # None: as if it were not installed
    with Emulator() as running:
        assert requests.get(f"{running.url}/v1/balance", auth=(running.keys.secret, ""), timeout=5).ok
    assert len(made) == is_there and all(loop.is_closed() for loop in made)


SLIM = """
import socket, sys
from stripe_audit.emulator import Emulator

with Emulator() as running:
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"GET /v1/balance HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Bearer {running.keys.secret}\\r\\n\\r\\n"
        connection.sendall(head.encode())
        print(connection.recv(15).decode())
    print(*(name for name in ("aiohttp", "stripe", "http.client", "email") if name in sys.modules))
"""


def test_the_first_calls_need_no_more_than_they_use():
    """Loading aiohttp takes a third of the time until the first answer, and plain calls go without it."""
    ran = subprocess.run([sys.executable, "-c", SLIM], capture_output=True, text=True, check=True, timeout=30)
    assert ran.stdout.splitlines() == ["HTTP/1.1 200 OK", ""], ran.stdout
