"""``docs/scenarios.md``: its examples are run, and what it says is there is there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.errors import CatalogError
from stripe_audit.models import Outcome
from stripe_audit.scenario.conditions import SUBJECTS
from stripe_audit.scenario.files import check_of
from stripe_audit.scenario.judging import OPERATORS
from stripe_audit.scenario.model import ACTIONS
from stripe_audit.scenario.steps import CARDS, DEBITS
from stripe_audit.testing import demo_stage, run_checks
from tests.scenario.test_reading import HEAD


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(__file__).parent.parent.parent / "docs" / "scenarios.md").read_text("utf-8")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_its_examples_pass_on_the_sound_shop(page: str, tmp_path: Path) -> None:
    files = []
    for number, block in enumerate(blocks(page)):
        if "save: nothing" in block or "rows:" in block:  # these are run in tests/observers/test_double_effects.py
            continue
        if block.startswith("version: 1"):
            name, text = re.search(r"^id: (.*)$", block, re.MULTILINE)[1], block  # type: ignore[index]
        else:
            name = f"example-{number}"
            text = HEAD.replace("my-scenario", name) + "steps:\n  - create_payment: {}\n" + textwrap.indent(block, "  ")
        files.append(tmp_path / f"{name.replace('-', '_')}.yaml")
        files[-1].write_text(text, "utf-8")
    assert len(files) == 4
    catalog = load_catalog(scenarios=files, has_builtin=False)
    with demo_stage(patience=5.0) as stage:
        results = run_checks(list(catalog), stage, catalog=catalog)
    assert {name: one.outcome for name, one in results.items()} == dict.fromkeys(catalog, Outcome.PASSED), results


def test_the_mistake_is_one(page: str, tmp_path: Path) -> None:
    (block,) = [block for block in blocks(page) if "save: nothing" in block]
    path = tmp_path / "my_scenario.yaml"
    path.write_text(HEAD + "steps:\n" + textwrap.indent(block, "  "), "utf-8")
    with pytest.raises(CatalogError, match="save: is not known here"):
        check_of(path)


@pytest.mark.parametrize("names", [ACTIONS, SUBJECTS, OPERATORS, [*CARDS, *DEBITS]])
def test_nothing_is_left_out(page: str, names: list[str]) -> None:
    assert [name for name in names if not re.search(rf"(?<![a-z_]){name}(?![a-z_])", page)] == []
