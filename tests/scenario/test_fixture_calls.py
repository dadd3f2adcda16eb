"""The importer makes the same calls, in the same order, as the official CLI does for its own fixtures."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.transport import Transport
from stripe_audit.emulator import Emulator
from stripe_audit.models import Effect
from stripe_audit.redaction import Redactor
from stripe_audit.safety import Interlock, Permission
from stripe_audit.scenario.fixtures import References, read_fixture
from stripe_audit.scenario.importing import run_fixture
from stripe_audit.stripe_backend.emulated import EmulatedStripe, EmulatorAddress
from tests.scenario import fixture_calls


def run_ours(path: Path, emulator: Emulator) -> None:
    keys = emulator.keys
    address = EmulatorAddress(
        emulator.url, emulator.control_token, keys.audit_secret, keys.publishable, emulator.config.api_version
    )

    async def run() -> None:
        transport = Transport(
            origins=[emulator.url],
            budget=Budget(requests=0),
            recorder=Recorder(None, Redactor()),
            interlock=Interlock(Permission(Effect.READ, "reading only")),
        )
        try:
            await run_fixture(EmulatedStripe(address, transport), read_fixture(path), References(path.parent))
        finally:
            await transport.aclose()

    asyncio.run(run())


@pytest.mark.cli
def test_every_fixture_makes_the_calls_that_the_cli_makes(tmp_path: Path) -> None:
    recorded = fixture_calls.recorded()
    texts = {fixture_calls.key_of(text): text for text in fixture_calls.texts()}
    inside = {key: text for key, text in texts.items() if fixture_calls.OUTSIDE not in text}
    assert set(recorded) == set(inside)
    assert len(recorded) > 100
    with fixture_calls.emulator() as emulator:
        for key, text in inside.items():
            path = tmp_path / f"{key}.json"
            path.write_text(text, "utf-8")
            run_ours(path, emulator)
            assert fixture_calls.journalled(emulator) == recorded[key], text
            fixture_calls.forget(emulator)
