"""One emulator for all tests here, emptied after each; and the official Python library as its client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import stripe

from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.emulator.shared import spoilt
from tests.emulator.receiver import Receiver
from tests.emulator.steps import Control

stripe.enable_telemetry = False  # the library would write a file into the user's home


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    config = EmulatorConfig(seed=2026, retry_schedule=(0.02, 0.03, 0.04), refund_delay=0.02, delivery_timeout=2.0)
    with Emulator(config) as running:
        yield running


@pytest.fixture(scope="session")
def control(emulator: Emulator) -> Control:
    return Control(emulator.url, emulator.control_token)


@pytest.fixture(autouse=True)
def _empty_and_unharmed(control: Control) -> Iterator[None]:
    """Each test begins with an empty account; none may make the emulator fail inside."""
    before = control.get("health")["defects"]
    yield
    control.delete(f"snapshot/{control.post('snapshot')['id']}")  # whatever a test leaves can be kept
    after = control.get("health")["defects"]
    control.post("reset")
    assert after == before, "a call made the emulator fail"
    assert not spoilt(), "an object's hash was changed in place, and is another object's too"


MakeClient = Callable[..., stripe.StripeClient]


@pytest.fixture(scope="session")
def make_client(emulator: Emulator) -> Iterator[MakeClient]:
    """The official client for a key; further arguments are those of ``StripeClient``."""
    session = requests.Session()
    session.trust_env = False

    def make(key: str, *, timeout: float = 10.0, url: str = emulator.url, **options: Any) -> stripe.StripeClient:
        http = stripe.RequestsClient(session=session, timeout=timeout)
        return stripe.StripeClient(key, base_addresses={"api": url}, http_client=http, **options)

    yield make
    session.close()


@pytest.fixture(scope="session")
def client(emulator: Emulator, make_client: MakeClient) -> stripe.StripeClient:
    """The target: it has the secret key. It does not retry by itself."""
    return make_client(emulator.keys.secret)


@pytest.fixture(scope="session")
def browser(emulator: Emulator, make_client: MakeClient) -> stripe.StripeClient:
    """The customer: it has the publishable key."""
    return make_client(emulator.keys.publishable)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()
