"""Explorations for a night: what is asked of them, and that a run with --deep plans it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.cli import main
from stripe_audit.scenario import deepening
from stripe_audit.scenario.reading import read_scenario
from stripe_audit.settings import load_settings
from stripe_audit.testing import demo_stage, run_checks

SCENARIOS = Path(__file__).parents[2] / "scenarios"
EXPLORING = sorted(SCENARIOS.glob("*/*explored.yaml"))


@pytest.mark.parametrize("path", EXPLORING, ids=[path.stem for path in EXPLORING])
def test_each_exploration_is_made_deeper_and_has_the_time_for_it(path):
    before, after = read_scenario(path), deepening.deepened(read_scenario(path))
    (body,) = [step.model.explore for step in after.all_steps if step.model.explore]
    assert body.exhaustive >= 3 and body.sequences >= 500 and body.search == "hypothesis"
    assert body.steps == next(step.model.explore for step in before.all_steps if step.model.explore).steps
    assert after.model.timeout > body.seconds > before.model.timeout


def test_whoever_asks_for_more_keeps_it(tmp_path):
    text = next(path for path in EXPLORING if path.stem == "orders_explored").read_text("utf-8")
    path = tmp_path / "orders_explored.yaml"
    path.write_text(text.replace("sequences: 70", "sequences: 900").replace("exhaustive: 3", "exhaustive: 4"))
    (body,) = [step.model.explore for step in deepening.deepened(read_scenario(path)).steps]
    assert (body.sequences, body.exhaustive) == (900, 4)


def test_a_scenario_that_explores_nothing_stays_as_it_is():
    path = next(path for path in sorted(SCENARIOS.glob("*/*.yaml")) if path not in EXPLORING)
    scenario = read_scenario(path)
    assert deepening.deepened(scenario) is scenario


def test_a_deep_catalogue_plans_more_for_explorations_alone():
    usual, deep = load_catalog(), load_catalog(is_deep=True)
    differing = {name for name in usual if usual[name].max_requests != deep[name].max_requests}
    assert differing == {path.stem.replace("_", "-") for path in EXPLORING}
    assert all(deep[name].max_requests > usual[name].max_requests for name in differing)


def test_a_deep_exploration_tells_every_beginning_of_three_events(monkeypatch):
    monkeypatch.setattr(deepening, "_SEQUENCES", 64)  # as sent, and the 63 other beginnings
    with demo_stage(patience=8.0) as stage:
        (result,) = run_checks(["dispute-orders-explored"], stage, catalog=load_catalog(is_deep=True)).values()
    assert (result.outcome, result.reason) == ("passed", None)
    assert result.notes == ("every order of a dispute: 64 orders of 4 events were survived",)


def test_a_deep_run_may_spend_ten_times_the_budget(tmp_path):
    path = tmp_path / "stripe-audit.yaml"
    path.write_text(json.dumps({"version": 1, "audit": {"budget": {"requests": 70, "seconds": 20}}}))
    usual = load_settings(path, environ={}).model.audit.spent_at_most
    deep = load_settings(path, environ={}, flags={"audit": {"deep": True}}).model.audit.spent_at_most
    assert (usual.requests, usual.seconds, deep.requests, deep.seconds) == (70, 20, 700, 200)


def test_the_flag_is_part_of_the_plan(monkeypatch, capsys):
    def planned(*flags: str) -> str:
        monkeypatch.setattr("sys.argv", ["stripe-audit", "run", "--demo", "--dry-run", "-c", "*explored", *flags])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return capsys.readouterr().out

    assert planned("--deep") != planned()
