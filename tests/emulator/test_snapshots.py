"""Snapshots: whatever is done after one leaves no trace once it is restored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.emulator.snapshots import MACHINERY, MOST, STATE
from stripe_audit.emulator.world import World
from stripe_audit.keys import make_test_keys
from tests.emulator.steps import Control, create, pay, wait_for
from tests.emulator.walk import CALLS, Walk

HELD_AT = 1_790_000_000.0
DAY = 86_400


@pytest.fixture(scope="module")
def still():
    """An emulator whose clock stands still."""
    with Emulator(EmulatorConfig(seed=5, clock=HELD_AT, refund_delay=60.0)) as running:
        yield running


@pytest.fixture(scope="module")
def still_control(still):
    return Control(still.url, still.control_token)


def view(control, walk):
    """All that an emulator shows of itself. The attempts of deliveries carry wall time, and are told apart."""
    lists = ("payment_intents", "charges", "refunds", "customers", "subscriptions", "invoices", "accounts", "disputes")
    shown = [walk.send("GET", f"/v1/{name}", {"limit": 100})[:2] for name in lists]
    shown += [walk.send("GET", path, {})[:2] for path in ("/v1/balance", "/v1/events", "/v1/webhook_endpoints")]
    told = [control.get(name) for name in ("events", "faults", "clock")]
    calls = [{**call, "at": 0, "duration_ms": 0} for call in control.calls() if call["method"] != "GET"]
    sent = [{**one, "attempts": len(one["attempts"])} for one in control.get("deliveries")["deliveries"]]
    return shown, told, calls, sent


NUMBERS = st.lists(st.integers(0, 4 * len(CALLS) - 1), max_size=12)


@settings(max_examples=15)
@given(before=NUMBERS, between=NUMBERS, after=NUMBERS, seconds=st.sampled_from([0, 59, DAY, 8 * DAY]))
def test_what_is_done_in_between_leaves_no_trace(still, still_control, before, between, after, seconds):
    control = still_control
    control.post("reset")
    control.post("deliveries/hold", all=True)  # attempts take their time; nothing else does
    with Walk(still.url, still.keys.secret) as walk:
        for number in range(len(CALLS) // 2):
            walk.step(number)
        for number in before:
            walk.step(number)
        taken = control.post("snapshot")
        known = {kind: list(ids) for kind, ids in walk.known.items()}
        seen = view(control, walk)
        control.post("restore", id=taken["id"])
        for number in between:
            walk.step(number)
        control.fault("status", status=503, path="/v1/refunds")
        control.post("clock/advance", seconds=seconds)
        control.post("restore", id=taken["id"])
        answers = []
        for _ in range(2):
            walk.known = {kind: list(ids) for kind, ids in known.items()}
            assert view(control, walk) == seen
            control.post("restore", id=taken["id"])
            answers.append([walk.step(number) for number in after])
            control.post("clock/advance", seconds=seconds)
            answers[-1].append(view(control, walk))
            control.post("restore", id=taken["id"])
        assert answers[0] == answers[1]
    control.delete(f"snapshot/{taken['id']}")


def test_snapshots_know_every_member_of_the_world():
    world = World(EmulatorConfig(), make_test_keys(1), "token")
    assert set(vars(world)) == set(STATE) | MACHINERY, "a new member must be kept by snapshots, or be left by them"


def test_saved_answers_faults_and_endpoints_come_back(client, control, receiver):
    endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["payment_intent.created"]})
    params = {"amount": 2000, "currency": "usd"}
    first = client.v1.payment_intents.create(params, {"idempotency_key": "k"})
    fault = control.fault("status", status=503, path="/v1/refunds", times=2)
    taken = control.post("snapshot")
    assert taken["objects"] >= 2 and taken["calls"] == 2
    client.v1.payment_intents.cancel(first.id)
    client.v1.webhook_endpoints.delete(endpoint.id)
    control.delete(f"faults/{fault}")
    control.post("restore", id=taken["id"])
    assert [one["id"] for one in control.get("faults")["faults"]] == [fault]
    again = client.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert client.v1.payment_intents.retrieve(first.id).status == "requires_payment_method"
    control.post("deliveries/drain")
    received = len(receiver.received)
    create(client)
    control.post("deliveries/drain")
    assert len(receiver.received) == received + 1
    client.construct_event(
        receiver.received[-1].body, receiver.received[-1].headers["Stripe-Signature"], endpoint.secret
    )


def test_deliveries_that_were_on_their_way_are_sent(client, control, receiver):
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["payment_intent.created"]})
    receiver.open.clear()
    create(client)
    wait_for(lambda: receiver.received)
    taken = control.post("snapshot")
    receiver.open.set()
    control.post("deliveries/drain")
    for count in (2, 3):
        control.post("restore", id=taken["id"])
        assert control.post("deliveries/drain")["drained"] is True
        (delivery,) = control.get("deliveries")["deliveries"]
        assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 1)
        assert len({one.event["id"] for one in receiver.received}) == 1 and len(receiver.received) == count


def test_retries_and_timers_go_on_from_where_they_were(make_client, receiver):
    receiver.answer = lambda n: 500 if n == 1 else 200
    config = EmulatorConfig(seed=3, clock=HELD_AT, retry_schedule=(3600.0,), refund_delay=7200.0)
    with Emulator(config) as running:
        control, client = Control(running.url, running.control_token), make_client(running.keys.secret, url=running.url)
        refund = client.v1.refunds.create({"payment_intent": pay(client, "pm_card_pendingRefund").id})
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
        client.v1.customers.create({})
        wait_for(lambda: control.get("deliveries")["deliveries"][0]["state"] == "retrying")
        taken = control.post("snapshot")
        for count in (2, 3):
            control.post("clock/advance", seconds=3601)
            assert control.post("deliveries/drain")["drained"] is True
            assert len(receiver.received) == count
            assert client.v1.refunds.retrieve(refund.id).status == "pending"
            control.post("clock/advance", seconds=3600)
            assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
            control.post("restore", id=taken["id"])
            assert control.get("clock") == {"now": HELD_AT, "skipped": 0.0, "held": True}


def test_the_clock_runs_on_from_the_time_that_it_showed(client, control):
    control.post("clock/advance", seconds=DAY)
    taken = control.post("snapshot")
    control.post("clock/advance", seconds=DAY)
    control.post("clock/hold", at=1000)
    control.post("restore", id=taken["id"])
    clock = control.get("clock")
    assert 0 <= clock["now"] - taken["now"] < 30 and clock["held"] is False


def test_a_clock_that_stood_still_stands_there_again(control):
    control.post("clock/hold", at=1_800_000_000)
    control.post("clock/advance", seconds=5)
    taken = control.post("snapshot")
    control.post("clock/run")
    control.post("restore", id=taken["id"])
    for _ in range(2):
        assert control.get("clock") == {"now": 1_800_000_005.0, "skipped": 0.0, "held": True}


def test_what_a_connected_account_left_for_later_happens_there(make_client, still, still_control):
    still_control.post("reset")
    client = make_client(still.keys.secret, url=still.url)
    account = client.v1.accounts.create({"type": "express", "country": "US"})
    options = {"stripe_account": account.id}
    intent = client.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "payment_method": "pm_card_pendingRefund",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        },
        options,
    )
    refund = client.v1.refunds.create({"payment_intent": intent.id}, options)
    still_control.post("restore", id=still_control.post("snapshot")["id"])
    still_control.post("clock/advance", seconds=61)
    assert client.v1.refunds.retrieve(refund.id, options=options).status == "succeeded"
    (updated,) = client.v1.events.list({"type": "refund.updated"}, options).data
    assert updated.account == account.id


@pytest.fixture
def waiting(client, control):
    """A call, with an idempotency key, that a fault keeps waiting; how it ended."""
    control.fault("slow", seconds=60, method="POST", times=1)
    with ThreadPoolExecutor(1) as pool:
        params, options = {"amount": 2000, "currency": "usd"}, {"idempotency_key": "k"}
        call = pool.submit(client.v1.payment_intents.create, params, options)
        wait_for(lambda: control.get("faults")["faults"][0]["hits"])
        yield call


@pytest.mark.parametrize("ending", ["reset", "restore"])
def test_a_call_that_waits_meanwhile_is_cut_off(control, waiting, ending):
    control.post(ending, id=control.post("snapshot")["id"])
    with pytest.raises(stripe.APIConnectionError):
        waiting.result(10)
    assert control.get("health")["objects"] == 0 and control.calls() == []


def test_a_key_whose_call_was_under_way_is_free_again(client, control, waiting):
    control.post("restore", id=control.post("snapshot")["id"])
    with pytest.raises(stripe.APIConnectionError):
        waiting.result(10)
    control.delete("faults")
    assert client.v1.payment_intents.create({"amount": 1000, "currency": "usd"}, {"idempotency_key": "k"}).id


class TestAdministration:
    @pytest.fixture(autouse=True)
    def _none_left(self, control):
        yield
        for one in control.get("snapshot")["snapshots"]:
            control.delete(f"snapshot/{one['id']}")

    def test_they_are_listed_and_deleted(self, client, control):
        known = len(control.get("snapshot")["snapshots"])
        first = control.post("snapshot")
        create(client)
        second = control.post("snapshot")
        assert control.get("snapshot")["snapshots"][known:] == [first, second]
        assert second["objects"] > first["objects"] and second["bytes"] > 0
        control.delete(f"snapshot/{first['id']}")
        assert control.get("snapshot")["snapshots"][known:] == [second]
        for method, path, body in (
            ("POST", "restore", {"id": first["id"]}),
            ("DELETE", f"snapshot/{first['id']}", None),
            ("POST", "restore", {"id": "none"}),
        ):
            assert control(method, path, body)[0] == 404
        assert control("POST", "restore", {})[0] == 400

    def test_they_are_bounded_and_outlive_a_reset(self, client, control):
        kept = create(client)
        while len(control.get("snapshot")["snapshots"]) < MOST:
            last = control.post("snapshot")
        status, answer = control("POST", "snapshot")
        assert status == 409 and "delete one" in answer["error"]["message"]
        control.post("reset")
        control.post("restore", id=last["id"])
        assert client.v1.payment_intents.retrieve(kept.id).id == kept.id
