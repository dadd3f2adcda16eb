"""Steps that restart and kill the target, on the demo shop as a launched process."""

from __future__ import annotations

import textwrap
from pathlib import Path

from stripe_audit.audit.stage import Stage
from stripe_audit.catalog import load_catalog
from stripe_audit.demo.project import write_project
from stripe_audit.models import Outcome
from stripe_audit.settings import load_settings
from stripe_audit.testing import run_checks
from tests.scenario.test_reading import HEAD

STEPS = """\
steps:
  - create_payment: {hold: true}
  - pay: {becomes: succeeded}
  - restart:
  - deliver: {types: [payment_intent.succeeded]}
  - eventually: {order: payment, that: {state: paid, fulfilled: 1}}
  - kill: {start: false}
  - deliver: {again: true, types: [payment_intent.succeeded], once: true}
    save: unheard
  - expect: {value: "{{ unheard.acknowledged }}", that: {"@": false}}
finally:
  - kill: {}
  - deliver: {again: true}
  - expect: {order: payment, that: {state: paid}}
"""


def test_a_restart_forgets_nothing_and_a_killed_target_hears_nothing(tmp_path: Path) -> None:
    path = tmp_path / "my_scenario.yaml"
    path.write_text(HEAD + textwrap.dedent(STEPS), "utf-8")
    catalog = load_catalog(scenarios=[path], has_builtin=False)
    project = tmp_path / "shop"
    project.mkdir()
    with Stage(load_settings(write_project(project), environ={})) as stage:
        result = run_checks(["my-scenario"], stage, catalog=catalog)["my-scenario"]
        assert result.outcome is Outcome.PASSED, (result.findings, result.reason, result.error)
        assert stage.launched is not None and stage.launched.is_running
