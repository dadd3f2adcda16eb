"""``stripe-audit scenarios``: list, validate, run, schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_audit.scenario.schema import schema_text
from tests.cli.inside import Inside
from tests.cli.test_commands import command
from tests.scenario.test_reading import HEAD, PAID


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "scenarios" / "own"
    folder.mkdir(parents=True)
    (folder / "my_scenario.yaml").write_text(HEAD + PAID, "utf-8")
    return tmp_path


def test_own_scenarios_are_listed_beside_the_shipped_ones(inside: Inside) -> None:
    done = inside("scenarios", "list")
    assert done.returncode == 0, done.stderr
    assert "my-scenario" in done.stdout and "webhook-signature-verified" not in done.stdout
    listed = json.loads(inside("scenarios", "list", "--json").stdout)
    (own,) = [entry for entry in listed if entry["id"] == "my-scenario"]
    assert (own["effect"], own["task"], own["severity"]) == ("write", "6.1", "high")
    assert own["needs"] == ["target.routes.create_payment", "target.items", "target.stripe", "observers.order"]
    assert all("scenario" in entry["tags"] for entry in listed)


def test_right_ones_are_called_right(inside: Inside) -> None:
    done = inside("scenarios", "validate")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "my_scenario.yaml: right: It holds" in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "steps:\n  - pya: {}\n", "my_scenario.yaml:10: step 1 (pya): is not known here; did you mean 'pay'?"),
        (HEAD, "give steps, or one fixture in their place"),
        ("x: [", "not valid YAML"),
    ],
)
def test_a_wrong_one_is_told_with_its_line(inside: Inside, project: Path, text: str, told: str) -> None:
    (project / "scenarios" / "own" / "my_scenario.yaml").write_text(text, "utf-8")
    done = inside("scenarios", "validate", "scenarios")
    assert done.returncode == 2 and told in done.stderr
    assert "hint: " in done.stderr


def test_nothing_to_validate(
    inside: Inside, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    assert "there is no folder scenarios/ here" in inside("scenarios", "validate").stderr
    assert "no such folder or file" in inside("scenarios", "validate", "none").stderr


def test_one_is_run_by_its_file(project: Path) -> None:
    words = ("--demo", "--defect", "succeeded-ignored", "--quiet", "-f", "json")
    done = command("scenarios", "run", "scenarios/own/my_scenario.yaml", *words, cwd=project)
    assert done.returncode == 1, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert (result["check"], result["outcome"]) == ("my-scenario", "failed")
    assert result["findings"][0]["evidence"][0]["source"]["line"] == 12


def test_several_are_planned_by_name(inside: Inside) -> None:
    done = inside("scenarios", "run", "my-scenario", "refund-*", "--demo", "--dry-run", "--scenarios-dir", "scenarios")
    assert done.returncode == 0, done.stderr
    assert "my-scenario" in done.stdout and "refund-in-parts" in done.stdout
    assert "webhook-signature-verified" not in done.stdout


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("webhook-signature-verified", "is a check, and no scenario"),
        ("my-scenaro", "did you mean my-scenario"),
        ("none.yaml", "no such folder or file of scenarios"),
    ],
)
def test_what_cannot_be_run(inside: Inside, name: str, told: str) -> None:
    done = inside("scenarios", "run", name, "--demo")
    assert done.returncode == 2 and told in done.stderr


def test_the_schema_is_the_one_in_the_docs(inside: Inside, root: Path) -> None:
    assert inside("scenarios", "schema").stdout == schema_text()
    assert (root / "docs" / "scenario.schema.json").read_text("utf-8") == schema_text()
    schema = json.loads(schema_text())
    assert "with" in schema["$defs"]["Pay"]["properties"] and "finally" in schema["properties"]
