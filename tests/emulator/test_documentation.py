"""docs/emulator.md names every flag, every control call and every kind of fault; its code runs; its number is right."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from stripe_audit.cli.emulator import emulator as command
from stripe_audit.emulator.control import _ACTIONS
from stripe_audit.emulator.endpoints import known_endpoints, missing_endpoints
from stripe_audit.emulator.faults import KINDS
from stripe_audit.emulator.resources import ROUTES

TEXT = Path(__file__).parents[2].joinpath("docs", "emulator.md").read_text("utf-8")


def test_every_flag_is_told():
    flags = {f"--{name.replace('_', '-')}" for name in inspect.signature(command).parameters} - {"--as-json"} | {
        "--json"
    }
    assert {flag for flag in flags if f"`{flag}" not in TEXT} == set()


@pytest.mark.parametrize(("method", "path"), sorted(_ACTIONS))
def test_every_control_call_is_told(method, path):
    words = [part for part in path.split("/") if part != "*"]
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert any(all(re.search(rf"\b{word}\b", row.partition(" | ")[0]) for word in words) for row in rows), words


def test_every_kind_of_fault_is_told():
    assert {kind for kind in KINDS if f"`{kind}`" not in TEXT} == set()


def test_its_python_runs():
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "EmulatorConfig" in code]
    exec(compile(example, "docs/emulator.md", "exec"), {})


def test_the_number_of_endpoints_is_right():
    (told,) = re.findall(r"the (\d+) endpoints that the official library calls", TEXT)
    assert int(told) == len(known_endpoints())
    assert 0.4 < len(list(missing_endpoints(ROUTES))) / int(told) < 0.6, 'docs/emulator.md says "about half"'
