"""Writes need proof: what launched and declared targets get, and what takes it away again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.audit.proof import Proof, expected_permission, prove
from stripe_audit.audit.stage import Stage
from stripe_audit.models import Effect
from stripe_audit.settings import Settings, load_settings

APP = Path(__file__).with_name("small_app.py")
TEST_KEY = "sk_test_51Abcdefghijklmno" + "p" * 30
LIVE_KEY = "sk_live_51Abcdefghijklmno" + "p" * 30


def settings(folder: Path, *, env: dict[str, str] | None = None, **changes: Any) -> Settings:
    """A launched small app that reaches the emulator when it creates a payment."""
    target = {
        "url": "http://127.0.0.1:{port}",
        "environment": "test",
        "stripe": "env",
        "launch": {
            "command": [sys.executable, str(APP)],
            "env": {"PORT": "{port}", "STRIPE": "{stripe_url}", "KEY": "{secret_key}", **(env or {})},
        },
        "items": [{"id": "mug", "price": "19.99", "currency": "usd"}],
        "routes": {
            "create_payment": {"method": "POST", "path": "/pay", "response": {"client_secret": "clientSecret"}},
            "health": {"path": "/"},
        },
        **changes.pop("target", {}),
    }
    path = folder / "stripe-audit.yaml"
    path.write_text(json.dumps({"version": 1, "target": target, **changes}))
    return load_settings(path, environ={})


def proved(made: Settings, *, is_launching: bool = True, allow_probes: bool = False) -> Proof:
    with Stage(made, is_launching=is_launching) as stage:
        assert stage.unreached is None, stage.unreached
        return prove(stage, allow_probes=allow_probes)


def test_the_canary_proves_an_app_that_is_quiet_at_start(tmp_path: Path) -> None:
    proof = proved(settings(tmp_path))
    assert proof.permission.strongest is Effect.LOAD
    assert "seen to use them" in proof.permission.reason


def test_without_a_declared_test_environment_nothing_is_written_to_a_quiet_app(tmp_path: Path) -> None:
    made = settings(tmp_path, target={"environment": "unknown"})
    with Stage(made) as stage:
        assert stage.stripe is not None
        assert prove(stage, allow_probes=False).permission.strongest is Effect.PROBE
        assert stage.stripe.target_calls() == 0


def test_an_app_that_answers_without_reaching_the_emulator_is_not_written_to(tmp_path: Path) -> None:
    answer = json.dumps({"clientSecret": "pi_3Elsewhere00000000000000_secret_abcdefghijklmnop"})
    proof = proved(settings(tmp_path, env={"ANSWER": answer}))
    assert proof.permission.strongest is Effect.PROBE
    assert "no call" in proof.permission.reason


def test_a_live_object_in_the_canarys_answer_ends_all_writes(tmp_path: Path) -> None:
    answer = json.dumps({"clientSecret": "pi_3Live_secret_abcdefghijklmnop", "livemode": True})
    made = settings(tmp_path, env={"ANSWER": answer}, stripe={"secret_key": TEST_KEY})
    with Stage(made) as stage:
        stage.is_launching = False  # as if it had been started by hand
        proof = prove(stage, allow_probes=True)
    assert proof.permission.strongest is Effect.READ
    assert "livemode" in proof.permission.reason


def test_a_live_key_at_the_emulator_ends_all_writes(tmp_path: Path) -> None:
    proof = proved(settings(tmp_path, env={"KEY": LIVE_KEY, "UNUSED": "{secret_key}"}))
    assert proof.permission.strongest is Effect.READ
    assert "live key" in proof.permission.reason


@pytest.mark.parametrize(
    ("environment", "key", "probes", "strongest"),
    [
        ("test", TEST_KEY, False, Effect.LOAD),
        ("test", LIVE_KEY, False, Effect.READ),
        ("unknown", TEST_KEY, False, Effect.READ),
        ("unknown", TEST_KEY, True, Effect.PROBE),
        ("live", TEST_KEY, True, Effect.PROBE),
        ("live", TEST_KEY, False, Effect.READ),
    ],
)
def test_what_a_declared_target_may_expect(
    tmp_path: Path, environment: str, key: str, probes: bool, strongest: Effect
) -> None:
    made = settings(
        tmp_path,
        target={"environment": environment},
        stripe={"secret_key": key},
        audit={"allow_probes": probes},
    )
    assert expected_permission(made, is_launching=False).strongest is strongest


def test_a_declared_target_whose_payments_go_elsewhere_is_not_written_to_again(tmp_path: Path) -> None:
    answer = json.dumps({"clientSecret": "pi_3Elsewhere00000000000000_secret_abcdefghijklmnop"})
    made = settings(tmp_path, env={"ANSWER": answer}, stripe={"secret_key": TEST_KEY})
    with Stage(made) as stage:
        stage.is_launching = False
        proof = prove(stage, allow_probes=False)
    assert proof.permission.strongest is Effect.READ
    assert "does not reach the emulator" in proof.permission.reason
