"""The conformance table: it counts, and fails below the committed numbers."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from tests.emulator.shape_fields import compared, declared


@pytest.fixture(scope="module")
def script(root):
    spec = importlib.util.spec_from_file_location("conformance", root / "scripts" / "conformance.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["conformance"]


@pytest.fixture
def run(script, monkeypatch, tmp_path):
    """The exit code, with these numbers committed and these rows measured."""
    numbers = tmp_path / "numbers.json"
    monkeypatch.setattr(script, "NUMBERS", numbers)

    def run(least, rows, *flags):
        numbers.write_text(json.dumps(least), "utf-8")
        monkeypatch.setattr(script, "measured", lambda only: rows)
        monkeypatch.setattr(sys, "argv", ["conformance.py", *flags])
        return script.main(), json.loads(numbers.read_text("utf-8"))

    return run


def row(script, problems):
    found = script.Row("A client")
    for name, problem in problems.items():
        found.add(name, problem)
    return found


def test_it_fails_below_the_number(script, run, capsys):
    rows = {"node": row(script, {"a": None, "b": "it is wrong"})}
    assert run({"node": 2}, rows)[0] == 1
    printed = capsys.readouterr().out
    assert "BELOW" in printed and "b: it is wrong" in printed
    assert run({"node": 1}, rows)[0] == 0
    assert "BELOW" not in capsys.readouterr().out


def test_numbers_are_raised_and_never_lowered(script, run):
    rows = {"node": row(script, {"a": None, "b": None}), "python": row(script, {"a": "wrong"})}
    assert run({"node": 1, "python": 1, "listen": 7}, rows, "--raise")[1] == {"node": 2, "python": 1, "listen": 7}


def test_a_suite_is_counted_case_by_case(script, monkeypatch, tmp_path):
    suite = tmp_path / "test_sample.py"
    suite.write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): assert 1 == 2\n@pytest.mark.skip\ndef test_c(): pass\n",
        "utf-8",
    )
    monkeypatch.setattr(script, "ROOT", tmp_path)
    found = script._tests("Sample", suite.name)
    assert (found.passed, found.total, len(found.problems)) == (1, 3, 2), "a skip is no success"


class TestShapes:
    def test_a_field_that_one_object_lacks_is_wrong(self):
        whole = dict.fromkeys(declared("coupon")) | {"object": "coupon", "id": "a"}
        lacking = {name: value for name, value in whole.items() if name != "valid"}
        assert set(compared([whole]).values()) == {None}
        problems = {name: problem for name, problem in compared([whole, lacking]).items() if problem}
        assert list(problems) == ["coupon.valid"]

    def test_so_is_one_that_the_class_does_not_know(self):
        whole = dict.fromkeys(declared("coupon")) | {"object": "coupon", "id": "a", "alien": 1}
        assert compared([whole])["coupon.alien"]

    def test_stubs_and_strangers_are_not_counted(self):
        assert compared([{"object": "coupon", "deleted": True}, {"object": "none_such"}, {"id": "x"}]) == {}
