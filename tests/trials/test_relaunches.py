"""A target under other variables: one that listens first, and looks at its configuration then."""

from __future__ import annotations

from pathlib import Path

from tests.audit.test_proof import settings

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.catalog import Selection
from stripe_audit.models import Outcome


def test_a_target_that_dies_of_a_missing_secret_once_it_is_asked_has_none(tmp_path: Path) -> None:
    webhook = {"path": "/hook", "secret": {"generated": True}, "events": ["payment_intent.succeeded"]}
    made = settings(tmp_path)
    target = made.model.target.model_dump(mode="json", exclude_unset=True)
    target["launch"]["env"] |= {"HOOK": "{webhook_secret}", "NEEDS": "HOOK"}
    target["routes"]["webhook"] = [webhook]
    made = settings(tmp_path, target=target)
    report = Audit(made, Options(Selection(checks=("webhook-secret-required",)))).run()
    (result,) = (one for one in report.results if one.check == "webhook-secret-required")
    assert result.outcome is not Outcome.ERRORED, result.error
    assert any("exited with code 4" in note for note in result.notes), result
