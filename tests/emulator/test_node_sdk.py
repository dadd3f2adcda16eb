"""The official Node library sees every named behaviour."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.conftest import NODE_MODULES
from tests.emulator.behaviours import BEHAVIOURS
from tests.emulator.node_sdk import run_behaviours

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def seen(emulator):
    return run_behaviours(emulator)


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_node(seen, name):
    assert seen[name] is None


def test_both_libraries_are_asked_for_the_same(seen):
    assert list(seen) == list(BEHAVIOURS)


def test_a_behaviour_that_is_not_there_is_told(emulator):
    """The script says no where the answer is another: here it meets an emulator that refuses its key."""

    keys = SimpleNamespace(secret="sk_test_wrong", publishable="sk_test_wrong")
    stranger = SimpleNamespace(url=emulator.url, control_token=emulator.control_token, keys=keys)
    ((name, error),) = run_behaviours(stranger, "intent_succeeds_at_once").items()
    assert name == "intent_succeeds_at_once" and "Invalid API Key" in error


def test_it_is_the_current_release():
    package = json.loads((NODE_MODULES / "stripe" / "package.json").read_text("utf-8"))
    pinned = json.loads((NODE_MODULES.parent / "package.json").read_text("utf-8"))
    assert package["version"] == (pinned.get("dependencies") or pinned["devDependencies"])["stripe"].lstrip("^~=")
