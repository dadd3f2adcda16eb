"""The shop served by two workers: what one of them has handled, the other one knows."""

from __future__ import annotations

from stripe_audit.models import Outcome
from stripe_audit.testing import demo_stage, run_checks

CHECKS = (
    "webhook-duplicates-harmless",
    "events-at-once",
    "double-submit-charges-once",
    "return-page-races-webhook",
    "one-time-payment-completes",
)
TWO = {"target": {"launch": {"env": {"SHOP_WORKERS": "2"}}}}


def test_two_workers_are_as_sound_as_one() -> None:
    with demo_stage(flags=TWO, patience=8.0) as stage:
        results = run_checks(CHECKS, stage)
        served = {line.count("configuration loaded") for line in [stage.log_path().read_text()]}
    assert served == {2}
    assert {name: (one.outcome, one.findings) for name, one in results.items()} == dict.fromkeys(
        CHECKS, (Outcome.PASSED, ())
    )
