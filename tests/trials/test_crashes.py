from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from stripe_audit.stripe_backend.interface import Call
from stripe_audit.trials import crashes
from stripe_audit.trials.crashes import _kinds


def call(method: str, path: str) -> Call:
    return Call(1, 0.0, "target", method, path, {}, 200)


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("/v1/payment_intents/pi_3nhPvs93IRo9Dr9zEHEXBV9d", "/v1/payment_intents/*"),
        ("/v1/payment_intents/pi_3nhPvs93IRo9Dr9zEHEXBV9d/capture", "/v1/payment_intents/*/capture"),
        ("/v1/checkout/sessions/cs_test_a1B2c3D4e5F6", "/v1/checkout/sessions/*"),
        ("/v1/payment_intents", "/v1/payment_intents"),
        ("/v1/test_helpers/test_clocks", "/v1/test_helpers/test_clocks"),
    ],
)
def test_calls_are_told_apart_by_what_they_do_and_not_by_ids(path: str, glob: str) -> None:
    assert _kinds([call("GET", path), call("GET", path)]) == {f"Stripe GET {glob}": ("GET", glob)}


def test_reading_and_writing_are_two() -> None:
    both = [call("GET", "/v1/payment_intents/pi_1a2b3c4d5e"), call("POST", "/v1/payment_intents/pi_1a2b3c4d5e")]
    assert list(_kinds(both)) == ["Stripe GET /v1/payment_intents/*", "Stripe POST /v1/payment_intents/*"]


def test_one_that_asks_nothing_of_anybody_is_killed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    paid = SimpleNamespace(is_paid=True, fulfilled=1)

    def told(name: str, result: Any = None) -> Any:
        async def answer(*_: Any) -> Any:
            seen.append(name)
            return result

        return answer

    async def together(*_: Any) -> list[Any]:
        return []

    for name, result in {"_undisturbed": (paid, [], 0.1, []), "_kill_amid": None, "_recover": None}.items():
        monkeypatch.setattr(crashes, name, told(name, result))
    monkeypatch.setattr(crashes, "_kill_while_waiting", told("kill while waiting", []))
    monkeypatch.setattr(crashes, "_under_way", lambda *_: None)
    monkeypatch.setattr(crashes, "_outcome", lambda *_: None)
    monkeypatch.setattr(crashes, "together", together)
    found = asyncio.run(crashes.crash_while_handling(SimpleNamespace(launched=SimpleNamespace(is_running=True))))  # type: ignore[arg-type]
    assert seen == ["_undisturbed", "_kill_amid", "_recover"]
    assert found == crashes.CrashesSeen(paid, (), ())  # type: ignore[arg-type]
