"""Webhook events of every type: what has a recipe really happened, the others are about a sample."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.transport import Transport
from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.models import Effect
from stripe_audit.redaction import Redactor
from stripe_audit.safety import Interlock, Permission
from stripe_audit.scenario.fixtures import References
from stripe_audit.scenario.recipes import RECIPES
from stripe_audit.scenario.synthesizing import make_event
from stripe_audit.stripe_backend.emulated import EmulatedStripe, EmulatorAddress
from stripe_audit.webhooks.catalogue import event_types
from stripe_audit.webhooks.samples import kind_of

Use = Callable[[Callable[[EmulatedStripe], Awaitable[Any]]], Any]


@pytest.fixture(scope="module")
def use() -> Iterator[Use]:
    with Emulator(EmulatorConfig(refund_delay=0.01)) as emulator:
        keys = emulator.keys
        address = EmulatorAddress(
            emulator.url, emulator.control_token, keys.audit_secret, keys.publishable, emulator.config.api_version
        )

        def run(ask: Callable[[EmulatedStripe], Awaitable[Any]]) -> Any:
            async def whole() -> Any:
                transport = Transport(
                    origins=[address.url],
                    budget=Budget(requests=0),
                    recorder=Recorder(None, Redactor()),
                    interlock=Interlock(Permission(Effect.READ, "reading only")),
                )
                try:
                    return await ask(EmulatedStripe(address, transport))
                finally:
                    await transport.aclose()

            return asyncio.run(whole())

        yield run


def references() -> References:
    return References(Path(), environ={})


def test_every_type_can_be_made(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        for event_type in event_types():
            event = await make_event(stripe, event_type, references=references())
            assert (event["type"], event["object"], event["livemode"]) == (event_type, "event", False)
            assert event["data"]["object"]["object"] == kind_of(event_type), event_type

    use(ask)


def test_recipes_are_about_objects_that_stripe_knows(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        paid = await make_event(stripe, "payment_intent.succeeded", references=references())
        intent = await stripe.get(f"/v1/payment_intents/{paid['data']['object']['id']}")
        assert (intent["status"], intent["amount_received"]) == ("succeeded", 1999)
        changed = await make_event(stripe, "customer.updated", references=references())
        assert changed["data"]["previous_attributes"] == {"name": "A customer"}

    use(ask)
    assert set(RECIPES) <= set(event_types())


def test_versions_and_values(use: Use) -> None:
    async def ask(stripe: EmulatedStripe) -> None:
        values = {"data.object.amount_paid": 7, "account": "acct_1"}
        new = await make_event(stripe, "invoice.paid", values=values, references=references())
        old = await make_event(
            stripe, "invoice.paid", api_version="2024-09-30.acacia", values=values, references=references()
        )
        assert "payment_intent" in old["data"]["object"] and "payment_intent" not in new["data"]["object"]
        for event in (old, new):
            assert (event["data"]["object"]["amount_paid"], event["account"]) == (7, "acct_1")

    use(ask)
