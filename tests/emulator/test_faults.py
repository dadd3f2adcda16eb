"""Faults by rule: what the target's library sees, and whether there was an effect."""

from __future__ import annotations

import threading
import time

import pytest
import requests
import stripe

from tests.emulator.steps import create, pay, wait_for

PATH = "/v1/payment_intents"


def count(client):
    """Effects so far, counted by the control API alone, which no fault touches."""
    return len(client.v1.events.list({"type": "payment_intent.created"}).data)


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "raised", "type"),
        [
            (500, stripe.APIError, "api_error"),
            (503, stripe.APIError, "api_error"),
            (400, stripe.InvalidRequestError, "invalid_request_error"),
            (401, stripe.AuthenticationError, "invalid_request_error"),
            (402, stripe.CardError, "invalid_request_error"),
            (403, stripe.PermissionError, "invalid_request_error"),
        ],
    )
    def test_a_status(self, client, control, status, raised, type):
        identity = control.fault("status", status=status, path=PATH, method="POST")
        with pytest.raises(raised) as caught:
            create(client)
        assert (caught.value.http_status, caught.value.error.type) == (status, type)
        assert count(client) == 0
        calls = control.calls(path=PATH)
        assert [(call["status"], call["fault"]) for call in calls] == [(status, identity)]

    def test_a_status_in_detail(self, client, control):
        control.fault(
            "status",
            status=402,
            type="card_error",
            code="card_declined",
            decline_code="do_not_honor",
            message="No.",
        )
        with pytest.raises(stripe.CardError) as caught:
            create(client)
        body = caught.value.json_body["error"]
        assert (body["type"], body["code"], body["decline_code"], body["message"]) == (
            "card_error",
            "card_declined",
            "do_not_honor",
            "No.",
        )

    def test_a_rate_limit(self, client, control):
        control.fault("rate_limit", reason="endpoint-rate")
        with pytest.raises(stripe.RateLimitError) as caught:
            create(client)
        assert (caught.value.http_status, caught.value.error.code) == (429, "rate_limit")
        assert caught.value.headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
        control.delete("faults")
        assert count(client) == 0


class TestConnections:
    def test_reset_before_any_effect(self, client, control):
        control.fault("reset_before", path=PATH, method="POST", times=1)
        with pytest.raises(stripe.APIConnectionError):
            pay(client)
        assert count(client) == 0
        assert [call["status"] for call in control.calls(path=PATH)] == [0]
        assert pay(client).status == "succeeded"

    @pytest.mark.parametrize("kind", ["reset_after", "truncate"])
    def test_the_answer_is_lost_after_the_effect(self, client, control, kind):
        control.fault(kind, path=PATH, method="POST", times=1)
        with pytest.raises(stripe.APIConnectionError):
            pay(client)
        assert count(client) == 1
        (call,) = control.calls(path=PATH)
        assert call["status"] == 200 and client.v1.payment_intents.retrieve(call["object"]).status == "succeeded"

    def test_the_answer_is_spoilt_after_the_effect(self, client, control):
        control.fault("malformed", path=PATH, method="POST", times=1)
        with pytest.raises(stripe.APIError, match="Invalid response body"):
            create(client)
        assert count(client) == 1

    def test_on_the_wire_a_reset_is_a_reset(self, emulator, control):
        control.fault("reset_before")
        with pytest.raises(requests.ConnectionError, match="reset by peer"):
            requests.get(f"{emulator.url}/v1/account", auth=(emulator.keys.secret, ""), timeout=5)

    def test_on_the_wire_a_truncated_answer_is_half_an_answer(self, emulator, control):
        control.fault("truncate")
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            requests.get(f"{emulator.url}/v1/account", auth=(emulator.keys.secret, ""), timeout=5)


class TestWaits:
    def test_slow_is_late_and_right(self, client, control):
        control.fault("slow", seconds=0.15, path=PATH)
        start = time.monotonic()
        assert pay(client).status == "succeeded"
        assert time.monotonic() - start >= 0.15
        assert control.calls(path=PATH)[0]["duration_ms"] >= 150

    def test_a_timeout_hangs_and_has_no_effect(self, emulator, make_client, client, control):
        control.fault("timeout", seconds=30, path=PATH, method="POST")
        impatient = make_client(emulator.keys.secret, timeout=0.1)
        with pytest.raises(stripe.APIConnectionError, match=r"timed out|timeout"):
            create(impatient)
        assert count(client) == 0

    def test_a_timeout_ends_in_a_lost_connection(self, client, control):
        control.fault("timeout", seconds=0.02, path=PATH, method="POST")
        with pytest.raises(stripe.APIConnectionError):
            create(client)
        assert count(client) == 0

    def test_others_are_served_meanwhile(self, client, control, make_client, emulator):
        control.fault("slow", seconds=30, times=1, path=PATH)
        waiting = threading.Thread(target=lambda: create(make_client(emulator.keys.secret)))
        waiting.start()
        wait_for(lambda: control.get("faults")["faults"][0]["hits"] == 1)
        assert create(client).amount == 2000
        assert waiting.is_alive()
        control.delete("faults")
        waiting.join(10)
        assert not waiting.is_alive(), "a lifted fault lets those go who wait"
        assert count(client) == 2


class TestMatching:
    @pytest.mark.parametrize(
        "rule",
        [
            {"method": "POST"},
            {"method": "post"},
            {"path": "/v1/payment_*"},
            {"path": "/v1/*", "method": "POST"},
            {"params": {"metadata": {"order": "7"}}},
            {"params": {"amount": 2000}},
            {"idempotency_key": "k"},
            {"caller": "target"},
            {"caller": None},
            {},
        ],
    )
    def test_hits(self, client, control, rule):
        control.fault("status", **rule)
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create(
                {"amount": 2000, "currency": "usd", "metadata": {"order": "7", "run": "1"}}, {"idempotency_key": "k"}
            )

    @pytest.mark.parametrize(
        "rule",
        [
            {"method": "GET"},
            {"path": "/v1/customers"},
            {"path": "/v1/payment_intents/*"},
            {"params": {"metadata": {"order": "8"}}},
            {"params": {"amount": 2001}},
            {"params": {"confirm": True}},
            {"idempotency_key": "other"},
            {"caller": "audit"},
            {"caller": "customer"},
            {"object": "pi_other"},
        ],
    )
    def test_misses(self, client, control, rule):
        control.fault("status", **rule)
        assert create(client, metadata={"order": "7"}).amount == 2000

    def test_an_object_means_its_family(self, client, control):
        mine, other = pay(client), pay(client)
        control.fault("status", object=mine.id)
        client.v1.payment_intents.retrieve(other.id)
        client.v1.refunds.create({"payment_intent": other.id})
        for attempt in (
            lambda: client.v1.payment_intents.retrieve(mine.id),
            lambda: client.v1.charges.retrieve(mine.latest_charge),
            lambda: client.v1.refunds.create({"charge": mine.latest_charge}),
        ):
            with pytest.raises(stripe.APIError):
                attempt()

    def test_so_many_times(self, client, control):
        control.fault("status", times=2)
        for _ in range(2):
            with pytest.raises(stripe.APIError):
                create(client)
        assert create(client).amount == 2000
        assert control.get("faults")["faults"][0]["hits"] == 2

    def test_the_oldest_rule_counts(self, client, control):
        control.fault("status", status=503, times=1)
        control.fault("status", status=500)
        statuses = []
        for _ in range(2):
            with pytest.raises(stripe.APIError) as caught:
                create(client)
            statuses.append(caught.value.http_status)
        assert statuses == [503, 500]

    def test_the_audits_own_calls_are_spared(self, emulator, make_client, control):
        control.fault("status")
        assert create(make_client(emulator.keys.audit_secret)).amount == 2000

    def test_lifted_one_by_one(self, client, control):
        first, second = control.fault("status", status=503), control.fault("status", status=500)
        assert control.delete(f"faults/{first}") == {"deleted": True}
        with pytest.raises(stripe.APIError) as caught:
            create(client)
        assert caught.value.http_status == 500
        control.delete(f"faults/{second}")
        assert create(client).amount == 2000
        assert control("DELETE", f"faults/{first}")[0] == 404


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"action": {}},
        {"action": {"kind": "explode"}},
        {"action": {"kind": ["status"]}},
        {"action": {"kind": "status"}, "colour": "red"},
        {"action": {"kind": "status"}, "hits": 5},
        {"action": {"kind": "status"}, "times": 0},
        {"action": {"kind": "status"}, "times": 1.5},
        {"action": {"kind": "status"}, "params": "text"},
        {"action": {"kind": "status"}, "path": 5},
        {"action": {"kind": "status"}, "caller": "nobody"},
        {"action": {"kind": "status", "status": 200}},
        {"action": {"kind": "status", "status": 600}},
        {"action": {"kind": "status", "status": 500.5}},
        {"action": {"kind": "status", "message": 5}},
        {"action": {"kind": "slow", "seconds": -1}},
        {"action": {"kind": "slow", "seconds": 1e9}},
        {"action": {"kind": "rate_limit", "reason": "a\r\nX: y"}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(control, rule):
    status, answer = control("POST", "faults", rule)
    assert status == 400 and answer["error"]["message"]
    assert control.get("faults") == {"faults": []}
