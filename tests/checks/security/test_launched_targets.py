"""A launched server that a request ends."""

from __future__ import annotations

import time

from stripe_audit.audit.stage import Stage
from stripe_audit.demo.project import write_project
from stripe_audit.models import Outcome, Severity
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks


def test_a_request_that_ends_the_server_is_named(tmp_path):
    settings = load_settings(write_project(tmp_path, defects=["dies-of-bad-ids"]), environ={})
    with Stage(settings) as stage:
        (result,) = run_checks(["bad-requests-survived"], stage).values()
        assert stage.launched is not None
        deadline = time.monotonic() + 10
        while stage.launched.is_running and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not stage.launched.is_running
    assert result.outcome is Outcome.FAILED
    (finding,) = result.findings
    assert (finding.title, finding.severity) == ("A bad request ends the server", Severity.CRITICAL)
    assert "an id that climbs out of its folder" in finding.detail
    assert finding.route == "order /api/orders/{order}"
