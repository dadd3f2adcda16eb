"""The control API in Python."""

from __future__ import annotations

import json

import pytest

from stripe_audit.emulator import ControlRefused, Emulator, RemoteControl
from tests.emulator.steps import create, pay


@pytest.fixture
def remote(emulator):
    return RemoteControl(emulator.url, emulator.control_token)


def test_it_turns_time_back(client, remote):
    intent = create(client)
    before = remote.snapshot()
    client.v1.payment_intents.cancel(intent.id)
    remote.restore(before)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    assert before in [one["id"] for one in remote.snapshots()]
    remote.delete_snapshot(before)
    with pytest.raises(ControlRefused, match="no such snapshot") as caught:
        remote.restore(before)
    assert caught.value.status == 404


def test_it_moves_and_stops_the_clock(client, remote):
    remote.hold_clock(1_800_000_000)
    assert remote.now() == 1_800_000_000 == create(client).created
    remote.advance(60.5)
    assert create(client).created == 1_800_000_060
    remote.run_clock()
    assert 0 <= remote.now() - 1_800_000_060.5 < 30
    remote.hold_clock()
    assert remote.now() == remote.now()
    remote.reset()
    assert remote.health()["objects"] == 0 and remote.now() != remote.now()


@pytest.mark.parametrize("at", ["soon", -1, 1e12, True])
def test_the_clock_stops_at_times_only(remote, at):
    with pytest.raises(ControlRefused):
        remote.hold_clock(at)


def test_it_steers_deliveries(client, remote, receiver):
    endpoint = remote.webhook(receiver.url, enabled_events=["payment_intent.created", "payment_intent.succeeded"])
    remote.hold(all=True)
    intent = pay(client)
    assert {one["state"] for one in remote.deliveries(intent.id)} == {"held"}
    attempts = remote.release(object=intent.id, types=["payment_intent.succeeded", "payment_intent.created"])
    assert [one["type"] for one in attempts] == receiver.types == ["payment_intent.succeeded", "payment_intent.created"]
    assert len(remote.resend(attempts[0]["event"], copies=3, endpoint=endpoint["id"])) == 3
    other = create(client)
    (event,) = remote.events(other.id)
    assert remote.withdraw([event["id"]]) == 1 and remote.drain()
    made = remote.make_event("payment_intent.succeeded", other.id, deliver=False)
    assert json.loads(json.dumps(made))["data"]["object"]["id"] == other.id
    secret = remote.roll_secret(endpoint["id"])
    assert secret.startswith("whsec_") and secret != endpoint["secret"]


def test_it_makes_calls_fail_and_customers_decide(client, remote):
    fault = remote.fault("status", action={"status": 503}, path="/v1/customers")
    with pytest.raises(Exception, match="told to fail"):
        client.v1.customers.create({})
    remote.lift(fault)
    assert client.v1.customers.create({}).id
    remote.fault("status", path="/v1/customers")
    remote.lift()
    assert client.v1.customers.create({}).id
    with pytest.raises(ControlRefused, match="kind"):
        remote.fault("explode")
    intent = pay(
        client,
        "pm_card_authenticationRequired",
        automatic_payment_methods={"enabled": True},
        return_url="https://example.com/",
    )
    assert remote.authenticate(intent.id, succeed=True)["status"] == "succeeded"
    assert remote.restricted_key(["charge_read"]).startswith("rk_test_")


def test_an_emulator_that_does_not_run_has_none():
    with pytest.raises(RuntimeError, match="not running"):
        _ = Emulator().control
