"""Several clients do what they like to the same objects, and the books are still right.

Each client follows a plan of calls; some calls are sent twice at once with one idempotency key, some answers come late.
Whatever order the calls come to be answered in, no money is taken or given back twice, every transition is told once,
and balances add up.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.stripe_backend.emulated import form
from tests.emulator.steps import AUTOMATIC, Control

CLIENTS = 4
SHARED = 2
"""Objects of each kind that all clients use."""
PAYING = {"amount": 2000, "currency": "usd", "automatic_payment_methods": AUTOMATIC}
PRICE = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Tea"}}
ACTIONS = {
    "confirm": ("/v1/payment_intents/<open>/confirm", {"payment_method": "pm_card_visa"}),
    "confirm in vain": ("/v1/payment_intents/<open>/confirm", {"payment_method": "pm_card_visa_chargeDeclined"}),
    "cancel": ("/v1/payment_intents/<open>/cancel", {}),
    "capture": ("/v1/payment_intents/<held>/capture", {"amount_to_capture": 1500}),
    "let go": ("/v1/payment_intents/<held>/cancel", {}),
    "refund a part": ("/v1/refunds", {"payment_intent": "<paid>", "amount": 700}),
    "refund the rest": ("/v1/refunds", {"payment_intent": "<paid>"}),
    "refund what was held": ("/v1/refunds", {"payment_intent": "<held>", "amount": 800}),
    "refund what was open": ("/v1/refunds", {"payment_intent": "<open>", "amount": 1100}),
    "refund later": ("/v1/refunds", {"payment_intent": "<late>", "amount": 1200}),
    "pay": ("/v1/payment_intents", {**PAYING, "payment_method": "pm_card_visa", "confirm": True}),
    "pay an invoice": ("/v1/invoices/<invoice>/pay", {}),
    "void an invoice": ("/v1/invoices/<invoice>/void", {}),
    "check out": ("/v1/payment_pages/<session>/confirm", {"payment_method": "<method>"}),
    "leave": ("/v1/checkout/sessions/<session>/expire", {}),
    "subscribe": ("/v1/subscriptions", {"customer": "<customer>", "items": [{"price": "<price>"}]}),
    "change": ("/v1/subscriptions/<subscription>", {"items": [{"id": "<item>", "quantity": 3}],
                                                    "proration_behavior": "always_invoice"}),
}  # fmt: skip


class Step(NamedTuple):
    """``key`` None: no idempotency key; ``twice``: the call is sent a second time while the first is under way."""

    action: str
    which: int
    key: int | None
    twice: bool


class Told(NamedTuple):
    key: str | None
    status: int
    body: dict[str, Any]
    replayed: bool


STEPS = st.builds(
    Step, st.sampled_from(sorted(ACTIONS)), st.integers(0, SHARED - 1), st.none() | st.integers(0, 1), st.booleans()
)
PLANS = st.lists(st.lists(STEPS, max_size=8), min_size=CLIENTS, max_size=CLIENTS)


class Client:
    def __init__(self, session: aiohttp.ClientSession, key: str) -> None:
        self._session = session
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}

    async def post(self, path: str, key: str | None = None, **params: Any) -> Told:
        headers = {**self._headers, "Idempotency-Key": key} if key else self._headers
        async with self._session.post(path, data=urlencode(form(params)), headers=headers) as answer:
            replayed = "Idempotent-Replayed" in answer.headers
            return Told(key, answer.status, await answer.json(), replayed)

    async def get(self, path: str) -> Any:
        async with self._session.get(path, headers=self._headers) as answer:
            assert answer.status == 200
            return await answer.json()

    async def make(self, path: str, **params: Any) -> dict[str, Any]:
        told = await self.post(path, **params)
        assert told.status == 200, told.body
        return told.body


async def prepare(client: Client) -> dict[str, list[str]]:
    """What all clients share, by name."""
    made: dict[str, list[str]] = defaultdict(list)

    async def keep(name: str, path: str, **params: Any) -> None:
        made[name].append((await client.make(path, **params))["id"])

    for _ in range(SHARED):
        await keep("open", "/v1/payment_intents", **PAYING)
        paid = {**PAYING, "payment_method": "pm_card_visa", "confirm": True}
        await keep("held", "/v1/payment_intents", **paid, capture_method="manual")
        await keep("paid", "/v1/payment_intents", **paid)
        await keep("late", "/v1/payment_intents", **{**paid, "payment_method": "pm_card_pendingRefund"})
        default = {"default_payment_method": "pm_card_visa"}
        await keep("customer", "/v1/customers", payment_method="pm_card_visa", invoice_settings=default)
        await keep("price", "/v1/prices", **PRICE, recurring={"interval": "month"})
        who, price = made["customer"][-1], made["price"][-1]
        subscription = await client.make("/v1/subscriptions", customer=who, items=[{"price": price}])
        made["subscription"].append(subscription["id"])
        made["item"].append(subscription["items"]["data"][0]["id"])
        await client.make("/v1/invoiceitems", customer=who, amount=400, currency="usd")
        await keep("invoice", "/v1/invoices", customer=who, pending_invoice_items_behavior="include")
        await client.make(f"/v1/invoices/{made['invoice'][-1]}/finalize")
        lines = [{"price_data": PRICE, "quantity": 1}]
        await keep(
            "session", "/v1/checkout/sessions", mode="payment", success_url="https://x.example", line_items=lines
        )
        await keep("method", "/v1/payment_methods", type="card", card={"token": "tok_visa"})
    return made


async def follow(client: Client, made: dict[str, list[str]], plan: list[Step]) -> list[Told]:
    told = []
    for step in plan:
        path, params = ACTIONS[step.action]
        text = json.dumps([path, params])
        for name, ids in made.items():
            text = text.replace(f"<{name}>", ids[step.which])
        path, params = json.loads(text)
        key = None if step.key is None else f"{step.action} {step.which} {step.key}"
        told += await asyncio.gather(*(client.post(path, key, **params) for _ in range(1 + step.twice)))
    return told


async def run(emulator: Emulator, plans: list[list[Step]]) -> tuple[list[Told], dict[str, Any]]:
    """What the clients were told, and all that there is afterwards."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(emulator.url, connector=connector) as session:
        clients = [Client(session, emulator.keys.secret) for _ in plans]
        made = await prepare(clients[0])
        control = Control(emulator.url, emulator.control_token)
        # Late answers: the calls wait after they were read, and others overtake them.
        for path in ("/v1/refunds", "/v1/payment_intents/*/c*", "/v1/invoices/*"):
            await asyncio.to_thread(control.fault, "slow", seconds=0.002, path=path, times=5)
        told = await asyncio.gather(*(follow(client, made, plan) for client, plan in zip(clients, plans, strict=True)))
        await asyncio.to_thread(control.post, "clock/advance", seconds=3600)
        names = ("payment_intents", "charges", "refunds", "invoices", "checkout/sessions", "balance_transactions")
        pages = {name: await clients[0].get(f"/v1/{name}?limit=100") for name in names}
        assert not any(page["has_more"] for page in pages.values())
        after = {name: page["data"] for name, page in pages.items()}
        after["balance"] = await clients[0].get("/v1/balance")
        after["events"] = (await asyncio.to_thread(control.get, "events"))["events"]
        return [one for many in told for one in many], after


@pytest.fixture(scope="module")
def still():
    with Emulator(EmulatorConfig(seed=11, clock=1_790_000_000.0, refund_delay=60.0)) as running:
        yield running


@settings(max_examples=20)
@given(plans=PLANS)
def test_the_books_are_right(still, plans):
    control = Control(still.url, still.control_token)
    control.post("reset")
    told, after = asyncio.run(run(still, plans))
    assert all(one.status in (200, 400, 402, 404, 409) for one in told)
    check_money(after)
    check_events(after)
    check_keys(told)
    assert control.get("health")["defects"] == []


def check_money(after):
    refunds, charges = defaultdict(list), defaultdict(list)
    for refund in after["refunds"]:
        refunds[refund["charge"]].append(refund)
    for charge in after["charges"]:
        charges[charge["payment_intent"]].append(charge)
        given_back = sum(refund["amount"] for refund in refunds[charge["id"]])
        assert charge["amount_captured"] <= charge["amount"]
        assert given_back <= charge["amount"], "more was given back than was taken"
        if charge["captured"]:
            # What was not captured has been given back too.
            assert charge["amount_refunded"] == given_back >= charge["amount"] - charge["amount_captured"]
            assert charge["refunded"] == (given_back == charge["amount"])
    for intent in after["payment_intents"]:
        succeeded = [charge for charge in charges[intent["id"]] if charge["status"] == "succeeded"]
        captured = [charge for charge in succeeded if charge["captured"]]
        assert len(succeeded) <= 1, "paid twice"
        assert (intent["status"] == "succeeded") == (len(captured) == 1)
        assert intent["amount_received"] == sum(charge["amount_captured"] for charge in captured)
    for invoice in after["invoices"]:
        assert invoice["amount_paid"] in (0, invoice["amount_due"])
        assert (invoice["status"] == "paid") == (invoice["amount_remaining"] == 0 and invoice["status"] != "void")
    booked = after["balance_transactions"]
    net = sum(one["net"] for one in booked)
    balance = after["balance"]
    assert net == sum(entry["amount"] for part in ("available", "pending") for entry in balance[part])
    taken = sum(charge["amount"] for charge in after["charges"] if charge["captured"] and charge["paid"])
    assert sum(one["amount"] for one in booked) == taken - sum(one["amount"] for one in after["refunds"])
    assert len({one["source"] for one in booked}) == len(booked), "booked twice"


ONCE = (
    "payment_intent.created",
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "charge.succeeded",
    "charge.captured",
    "charge.expired",
    "refund.created",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.voided",
    "customer.subscription.created",
    "checkout.session.completed",
    "checkout.session.expired",
)
STATES = {
    "payment_intents": {"succeeded": "payment_intent.succeeded", "canceled": "payment_intent.canceled"},
    "invoices": {"paid": "invoice.paid", "void": "invoice.voided"},
    "checkout/sessions": {"complete": "checkout.session.completed", "expired": "checkout.session.expired"},
}


def check_events(after):
    events = after["events"]
    assert len({event["id"] for event in events}) == len(events)
    told = Counter((event["type"], event["data"]["object"].get("id")) for event in events)
    assert {one: count for one, count in told.items() if one[0] in ONCE and count > 1} == {}, "told twice"
    for family, states in STATES.items():
        for obj in after[family]:
            for state, type in states.items():
                assert told[type, obj["id"]] == (obj["status"] == state), (obj["id"], obj["status"], type)
    for charge in after["charges"]:
        assert told["charge.succeeded", charge["id"]] == (charge["status"] == "succeeded")
        assert told["charge.failed", charge["id"]] == (charge["status"] == "failed")
    released = {
        charge["id"]: charge["amount"] - charge["amount_captured"]
        for charge in after["charges"]
        if charge["captured"] and charge["amount_captured"] < charge["amount"]
    }
    rests = [
        one["id"]
        for one in after["refunds"][::-1]
        if released.get(one["charge"]) and not told["refund.created", one["id"]]
    ]
    assert len(rests) == len(released), "what is released is no refund that was asked for"
    for refund in after["refunds"]:
        assert told["refund.created", refund["id"]] == (refund["id"] not in rests)
        is_late = any(
            charge["id"] == refund["charge"] and charge["payment_method_details"]["card"]["last4"] == "7726"
            for charge in after["charges"]
        )
        assert refund["status"] == "succeeded" and told["refund.updated", refund["id"]] == is_late
    whole = Counter(refund["charge"] for refund in after["refunds"] if refund["id"] not in rests)
    let_go = {charge["id"] for charge in after["charges"] if charge["refunded"] and not charge["captured"]}
    for charge in after["charges"]:
        assert told["charge.refunded", charge["id"]] == whole[charge["id"]] + (charge["id"] in let_go)


def check_keys(told):
    """One key is one effect: all answers that it got are the same, but for conflicts while it was under way."""
    by_key = defaultdict(list)
    for one in told:
        if one.key is not None and one.status in (200, 402):
            by_key[one.key].append(one)
    for key, answers in by_key.items():
        assert len({json.dumps(one.body, sort_keys=True) for one in answers}) == 1, key
        assert sum(not one.replayed for one in answers) == 1, key
