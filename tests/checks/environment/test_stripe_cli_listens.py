"""The Stripe CLI: the official one where it is installed, programs that are called so, and none."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.testing import demo_stage, run_checks
from tests.conftest import stripe_cli

CHECK = "stripe-cli-listens"


def judged() -> CheckResult:
    with demo_stage() as stage:
        return run_checks([CHECK], stage)[CHECK]


def program(folder: Path, body: str) -> str:
    path = folder / "stripe"
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o700)
    return str(folder)


def on_path(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


VERSION = 'if [ "$1" = version ]; then echo "stripe version 1.31.0"; exit 0; fi\n'


def test_without_the_cli_the_check_is_skipped(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = judged()
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "the Stripe CLI is not on the PATH")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("echo 'unknown command'; exit 2", "What is called stripe does not tell a version"),
        (f'{VERSION}echo "401 invalid key"; exit 1', "stripe listen does not become ready"),
    ],
)
def test_a_program_that_does_not_do_its_work_is_told_with_what_it_said(monkeypatch, tmp_path, body, title):
    on_path(monkeypatch, program(tmp_path, body))
    (finding,) = judged().findings
    assert finding.title == title
    assert ("401 invalid key" if "401" in body else "unknown command") in finding.evidence[0].summary


def test_one_that_hangs_is_stopped_with_all_that_it_started(monkeypatch, tmp_path):
    child = tmp_path / "child"
    on_path(monkeypatch, program(tmp_path, f"{VERSION}sleep 600 & echo $! > {child}; echo starting; wait"))
    catalog = load_catalog()
    monkeypatch.setattr(sys.modules["stripe_audit._checks.stripe_cli_listens"], "READY_S", 0.5)
    with demo_stage() as stage:
        (finding,) = run_checks([CHECK], stage, catalog=catalog)[CHECK].findings
    assert finding.title == "stripe listen does not become ready"
    assert "not ready within 0.5 s" in finding.evidence[0].summary
    pid = int(child.read_text())
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_is_given_a_key_by_its_environment_and_no_secret_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_ours")
    seen = tmp_path / "seen"
    on_path(monkeypatch, program(tmp_path, f'{VERSION}env > {seen}; echo "$@" >> {seen}; echo "Ready!"; exit 0'))
    result = judged()
    assert (result.outcome, result.notes) == (Outcome.PASSED, ("Stripe CLI 1.31.0, and it listens",))
    told = seen.read_text()
    assert "STRIPE_API_KEY=sk_test_" in told and "sk_live_ours" not in told
    assert "listen --api-base http://127.0.0.1:" in told


@pytest.mark.node
def test_the_official_cli_listens(monkeypatch, tmp_path):
    binary = stripe_cli()
    assert binary is not None
    (tmp_path / "stripe").symlink_to(binary)
    on_path(monkeypatch, str(tmp_path))
    result = judged()
    assert result.outcome is Outcome.PASSED, (result.reason, result.findings)
    assert result.notes[0].endswith(", and it listens")
