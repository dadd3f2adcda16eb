"""One embedded emulator for all tests here, emptied after each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.transport import Transport
from stripe_audit.keys import TestKeys, make_test_keys
from stripe_audit.models import Effect
from stripe_audit.redaction import Redactor
from stripe_audit.safety import Interlock, Permission
from stripe_audit.stripe_backend.embedded import EmbeddedStripe
from stripe_audit.stripe_backend.emulated import EmulatedStripe

Use = Callable[[Callable[[EmulatedStripe], Awaitable[Any]]], Any]


@pytest.fixture(scope="session")
def keys() -> TestKeys:
    return make_test_keys(seed=11)


@pytest.fixture(scope="session")
def embedded(keys: TestKeys) -> Iterator[EmbeddedStripe]:
    stripe = EmbeddedStripe(keys, seed=11)
    stripe.start()
    yield stripe
    stripe.stop()


@pytest.fixture(autouse=True)
def _empty(embedded: EmbeddedStripe) -> Iterator[None]:
    yield
    embedded.control("POST", "reset")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(None, Redactor())


@pytest.fixture
def use(embedded: EmbeddedStripe, recorder: Recorder) -> Use:
    """Runs a function with the backend, as a check uses it: permitted to read only, and with a small budget."""

    def run(ask: Callable[[EmulatedStripe], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            transport = Transport(
                origins=[embedded.address.url],
                budget=Budget(requests=0, body_bytes=100),
                recorder=recorder,
                interlock=Interlock(Permission(Effect.READ, "reading only")),
            )
            try:
                return await ask(EmulatedStripe(embedded.address, transport))
            finally:
                await transport.aclose()

        return asyncio.run(whole())

    return run
