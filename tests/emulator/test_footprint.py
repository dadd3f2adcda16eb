"""What a payment costs: bytes while it is remembered, and steps that do not grow with what is remembered."""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from urllib.parse import urlencode

import pytest

from stripe_audit.emulator import EmulatorConfig
from stripe_audit.emulator import shared as sharing
from stripe_audit.emulator.api import Api
from stripe_audit.emulator.shared import shared, spoilt
from stripe_audit.emulator.world import World
from stripe_audit.keys import make_test_keys

MOST_BYTES = 14 * 1024
"""For a succeeded PaymentIntent with its charge and four events, without the journal's entry."""
PAYMENT = {
    "amount": 2000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": "true",
    "automatic_payment_methods[enabled]": "true",
    "automatic_payment_methods[allow_redirects]": "never",
    "metadata[order_id]": "1000",
}
OPEN = {"amount": 2000, "currency": "usd"}


class Calls:
    """Calls to an emulator that has no network."""

    def __init__(self) -> None:
        self.world = World(EmulatorConfig(seed=1), make_test_keys(1), "token")
        self.api = Api(self.world)
        self.headers = {"authorization": f"Bearer {self.world.keys.secret}", "host": "127.0.0.1"}

    def __call__(self, path, form=None, method="POST"):
        query, body = ("", urlencode(form or {}).encode()) if method == "POST" else (urlencode(form or {}), b"")
        headers = {**self.headers, "content-type": "application/x-www-form-urlencoded"}
        status, _, answer = self.api.answer(method, path, query, headers, body)
        assert status == 200, answer
        return answer


def within_a_loop(function):
    async def run():
        function()

    asyncio.run(run())


def test_a_payment_takes_few_bytes():
    payments = 500

    def measure():
        call = Calls()
        for number in range(50):  # what is made once, for all payments
            call("/v1/payment_intents", {**PAYMENT, "metadata[order_id]": number})
        call.world.journal.entries.clear()
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for number in range(payments):
                call("/v1/payment_intents", {**PAYMENT, "metadata[order_id]": number})
            call.world.journal.entries.clear()
            gc.collect()
            taken = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        store = call.world.store
        assert len(store.events) == 4 * (payments + 50) and len(store.by_kind["charge"]) == payments + 50
        assert 4000 < taken / payments < MOST_BYTES, f"{taken / payments:.0f} bytes"

    within_a_loop(measure)


def steps(function):
    """How many functions are called, Python's own and those in C."""
    count = 0

    def seen(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("path", "form", "method"),
    [
        ("/v1/payment_intents", OPEN, "POST"),
        ("/v1/payment_intents", PAYMENT, "POST"),
        ("/v1/customers", {"email": "a@example.com"}, "POST"),
        ("/v1/payment_intents", {"limit": "10"}, "GET"),
        ("/v1/events", {"limit": "10"}, "GET"),
        ("/v1/balance", {}, "GET"),
    ],
)
def test_a_call_takes_as_many_steps_among_many_objects_as_among_few(path, form, method):
    def measure():
        call, counts = Calls(), []
        for more in (60, 1000):
            for number in range(more):
                call("/v1/payment_intents", {**PAYMENT, "metadata[order_id]": number})
                call("/v1/customers", {"name": "a"})
            counts.append(min(steps(lambda: call(path, form, method)) for _ in range(5)))
        assert abs(counts[1] - counts[0]) <= 5, counts

    within_a_loop(measure)


def test_a_shared_hash_that_was_changed_is_found(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sharing, "_shared", [])
        first, second = shared({"a": {"b": 1}}), shared({"c": []})
        assert spoilt() == []
        first["a"]["b"] = 2
        assert spoilt() == [first]
        second["c"].append(1)
        assert spoilt() == [first, second]
