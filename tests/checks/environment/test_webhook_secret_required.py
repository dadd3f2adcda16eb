"""A target that is launched without its webhook secrets: what it then does, and that it is as before afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_audit import WebhookRoute, webhooks
from stripe_audit.audit.stage import Stage
from stripe_audit.demo.project import write_project
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.observers.interface import Order, OrderState
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks
from stripe_audit.trials import Believed, Relaunched, Tried
from tests.checks.modules import answered, module_of

CHECK = "webhook-secret-required"
PAID = Order("o1", OrderState.PAID, "paid", 1999, "usd", 1)
ROUTE = WebhookRoute("main", "/hook", "whsec_x")


def tried(status: int, effect: Order | None = None) -> Tried:
    return Tried(webhooks.FORGERIES[0], answered(status), effect, is_visible=True)


@pytest.mark.parametrize(
    ("forged", "takes_genuine", "accepts_anything", "taken", "unclear"),
    [
        ([tried(400), tried(401)], False, False, 0, ""),
        ([tried(500), tried(500)], False, False, 0, ""),
        ([tried(400), tried(200, PAID)], False, False, 1, ""),
        ([tried(400), tried(200)], False, False, 1, ""),
        ([tried(400, PAID), tried(400)], False, False, 1, ""),
        ([tried(200), tried(200)], True, True, 0, "everything is answered 2xx"),
        ([tried(200, PAID), tried(200)], True, True, 2, ""),
        ([tried(400), tried(400)], True, False, 0, "from somewhere else"),
    ],
)
def test_what_a_target_without_secrets_believes(forged, takes_genuine, accepts_anything, taken, unclear):
    seen = Believed(ROUTE, tuple(forged), takes_genuine, accepts_anything)
    assert len(module_of(CHECK).taken(seen)) == taken
    if not taken:
        told = module_of(CHECK).why_unclear(Relaunched("unset", believed=(seen,)))
        assert (unclear in told) if unclear else told == ""


def test_a_target_that_hangs_is_not_taken_for_one_that_refuses_to_start():
    hanging = Relaunched("unset", failure="the target was not listening on port 1 within 5 s")
    assert module_of(CHECK).why_unclear(hanging) == hanging.failure
    assert module_of(CHECK).why_unclear(Relaunched("unset", failure="it exited", has_exited=True)) == ""


def judged(folder: Path, *defects: str) -> dict[str, CheckResult]:
    flags = {"audit": {"patience": 0.5}}
    with Stage(load_settings(write_project(folder, defects=defects), flags=flags, environ={})) as stage:
        return run_checks([CHECK, "webhook-genuine-event-accepted"], stage)


def test_a_sound_shop_does_not_start_without_its_secrets_and_is_back_afterwards(tmp_path):
    results = judged(tmp_path)
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}, results
    told = results[CHECK].notes
    assert [note.partition(":")[0] for note in told] == ["secrets unset", "secrets empty", "secrets blank"]
    assert all("exited with code 1" in note for note in told)


def test_a_shop_that_starts_without_secrets_and_believes_forgeries_is_found(tmp_path):
    results = judged(tmp_path, "secretless-empty-key")  # the other ways to believe: scripts/matrix.py
    (finding,) = results[CHECK].findings
    assert finding.title == "With its webhook secret unset, the target acts upon forged events"
    assert finding.detail.endswith(": signed with the empty key.")
    assert results["webhook-genuine-event-accepted"].outcome is Outcome.PASSED
