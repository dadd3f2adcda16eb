"""Events are kept small, and come back whole."""

from __future__ import annotations

import marshal
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.emulator import packing
from stripe_audit.emulator.event_log import EventLog
from stripe_audit.emulator.packing import packed, unpacked
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.shared import shared
from stripe_audit.emulator.store import Store
from tests.emulator.steps import pay

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
HASHES = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


def event(number, **values):
    data = {"object": {"id": f"pi_{number}", "object": "payment_intent", "metadata": {"n": [number]}}}
    request = {"id": "req_1", "idempotency_key": None}
    fields = {"id": f"evt_{number}", "object": "event", "api_version": "v", "created": number, "data": data}
    return {**blank("event", **fields, livemode=False, pending_webhooks=0, request=request, type="t"), **values}


@pytest.fixture
def few_forms(monkeypatch):
    monkeypatch.setattr(packing, "MOST_FORMS", len(packing._forms) + 3)


def same(back, value):
    return back == value and list(back) == list(value) and repr(back) == repr(value)


@given(HASHES)
def test_what_is_packed_comes_back(value):
    assert same(unpacked(marshal.loads(marshal.dumps(packed(value)))), value)


def test_it_comes_back_where_there_are_too_many_forms(few_forms):
    for number in range(10):
        value = {f"name {number}": {"a": [{f"inner {number}": 1}], f"b{number}": {}}}
        assert same(unpacked(marshal.loads(marshal.dumps(packed(value)))), value)
    assert len(packing._forms) == packing.MOST_FORMS


def test_the_names_are_not_kept_with_each():
    value = {f"a rather long name {number}": None for number in range(40)}
    assert len(marshal.dumps(packed(value))) < 100


def test_a_hash_that_objects_have_in_common_is_kept_once():
    common = shared({f"name {number}": [number] for number in range(50)})
    bytes_ = marshal.dumps(packed({"a": common, "b": {**common}}))
    back = unpacked(marshal.loads(bytes_))
    assert back == {"a": common, "b": common} and back["a"] is not common
    back["a"]["name 1"].append(2)
    assert unpacked(marshal.loads(bytes_)) == {"a": common, "b": common}
    assert len(bytes_) < len(marshal.dumps(packed({"a": {**common}, "b": {**common}})))


@pytest.mark.parametrize("more", [{"account": "acct_1"}, {"account": "acct_1", "thin_data": {"a": [1]}}, {}])
def test_an_event_comes_back_with_all_that_it_has(more):
    log, added = EventLog(), event(1, **more)
    added["data"]["previous_attributes"] = {"status": None, "metadata": {"a": "b"}}
    log.add_packed(added)
    assert same(log["evt_1"], added)


@pytest.mark.parametrize("is_packed", [True, False])
def test_an_event_is_found_by_its_id(is_packed):
    log, added = EventLog(), event(1)
    (log.add_packed if is_packed else log.add)(added)
    assert same(log["evt_1"], event(1)) and same(log.get("evt_1"), event(1))
    assert "evt_1" in log and len(log) == 1
    assert "evt_2" not in log and log.get("evt_2") is None
    with pytest.raises(KeyError):
        log["evt_2"]


def test_a_packed_event_does_not_see_what_becomes_of_its_object():
    log, added = EventLog(), event(1)
    log.add_packed(added)
    added["data"]["object"]["metadata"]["n"].append(2)
    log["evt_1"]["data"]["object"]["metadata"]["n"].append(3)
    assert log["evt_1"]["data"]["object"]["metadata"] == {"n": [1]}


def test_an_event_on_its_way_is_one_and_the_same():
    log, added = EventLog(), event(1, pending_webhooks=1)
    log.add(added)
    added["pending_webhooks"] = 7
    assert log["evt_1"] is added and [one["pending_webhooks"] for one in log.outlines()] == [7]


def test_outlines_are_those_of_all_events_in_both_directions():
    log = EventLog()
    log.add_packed(event(1))
    log.add(event(2, pending_webhooks=1))
    expected = [
        {"id": f"evt_{number}", "type": "t", "created": number, "pending_webhooks": number - 1, "about": f"pi_{number}"}
        for number in (1, 2)
    ]
    assert list(log.outlines()) == expected and list(reversed(log.outlines())) == expected[::-1]


def test_a_copy_of_the_store_has_the_same_events():
    store = Store()
    store.events.add_packed(event(1))
    store.events.add(event(2))
    store.add({"id": "pi_1", "object": "payment_intent"})
    copy = pickle.loads(pickle.dumps(store))
    assert [copy.events[one["id"]] for one in copy.events.outlines()] == [event(1), event(2)]
    assert len(copy) == len(store) == 3 and copy.get("event", "evt_2") == event(2)


@pytest.mark.parametrize("has_endpoint", [True, False])
def test_events_show_their_objects_as_they_were(client, receiver, control, has_endpoint):
    if has_endpoint:
        control.post("webhook_endpoints", url=receiver.url)
    intent = pay(client)
    client.v1.payment_intents.update(intent.id, {"description": "later"})
    shown = {one.type: one.data.object for one in client.v1.events.list().data}
    assert shown["payment_intent.created"]["status"] == "requires_confirmation"
    assert shown["payment_intent.succeeded"]["status"] == "succeeded"
    assert shown["payment_intent.succeeded"]["description"] is None
    assert shown["charge.succeeded"]["balance_transaction"] is None
    assert shown["charge.updated"]["balance_transaction"].startswith("txn_")
    if has_endpoint:
        assert control.post("deliveries/drain")["drained"] is True
    assert {one["type"] for one in control.get(f"events?object={intent.id}")["events"]} == {*shown} - {
        "payment_method.attached"
    }


def test_a_disputes_events_are_among_those_of_its_payment(client, control):
    """Whoever tells a payment's story in another order must see the dispute in it."""
    intent = pay(client, "pm_card_createDispute")
    types = [one["type"] for one in control.get(f"events?object={intent.id}")["events"]]
    assert types[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    other = pay(client)
    assert "charge.dispute.created" not in str(control.get(f"events?object={other.id}")["events"])
