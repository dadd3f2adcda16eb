"""Where no way to take the database away is declared, what needs it is skipped, and what can do without says so."""

from __future__ import annotations

from stripe_audit.testing import demo_stage, run_checks


def test_what_needs_it_is_skipped_and_what_does_not_is_judged_by_the_rest():
    with demo_stage(flags={"target": {"database": None}}) as stage:
        results = run_checks(["webhook-outlives-database", "failures-logged", "health-shows-trouble"], stage)
    skipped = results["webhook-outlives-database"]
    assert (skipped.outcome, skipped.setting) == ("skipped", "target.database")
    for name in ("failures-logged", "health-shows-trouble"):
        assert results[name].outcome == "passed"
        assert results[name].notes == ("the database was not taken away: target.database is not declared",)
