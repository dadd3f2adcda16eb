"""Fixture files read and prepared as Stripe CLI 1.52.0 does; each row was measured with its binary."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.errors import CatalogError
from stripe_audit.scenario.fixtures import FixtureError, FixtureStep, References, prepared, read_fixture

EARLIER = {
    "id": "x_1",
    "n": 5,
    "big": 12345678901234567890,
    "f": 1.5,
    "huge": 1e21,
    "t": True,
    "nul": None,
    "s": "a b&c",
    "empty": "",
    "arr": [{"id": "a0", "k.v": "dotted"}, {"id": "a1"}],
    "obj": {"a": 1, "b": [1, 2]},
    "list": ["p", "q"],
}


@pytest.fixture
def references(tmp_path: Path) -> References:
    (tmp_path / ".env").write_text("FROMFILE=ff\nFOO=fromfile\n")
    return References(tmp_path, answers={"a": EARLIER}, environ={"FOO": "foo1"})


def pairs(references: References, **params: Any) -> list[tuple[str, str]]:
    return list(prepared(FixtureStep("b", "/v1/things", "POST", params), references).pairs)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (True, [("v", "true")]),
        (None, []),
        (1.5, [("v", "1.5")]),
        (1.0, [("v", "1")]),
        (10**20, [("v", "100000000000000000000")]),
        (1e-7, [("v", "0.0000001")]),
        (1234567890123456789, [("v", "1234567890123456800")]),
        (-0.0, [("v", "-0")]),
        ("", [("v", "")]),
        (" x ", [("v", " x")]),
        ("y\n", [("v", "y")]),
        ([], []),
        ({}, []),
        ({"d": "", "c": None}, [("v[d]", "")]),
        ([{"q": 1}, {"q": 2}], [("v[0][q]", "1"), ("v[1][q]", "2")]),
        (
            ["s", {"q": 1}, "t", {"q": 2}, 3, True, None, 1.5, ["n"], ["m", {"z": 1}]],
            [
                ("v[]", "s"),
                ("v[0][q]", "1"),
                ("v[]", "t"),
                ("v[1][q]", "2"),
                ("v[]", "n"),
                ("v[]", "m"),
                ("v[0][z]", "1"),
            ],
        ),
        ([{"q": [1, 2, "3"]}], [("v[0][q][]", "3")]),
    ],
)
def test_parameters_are_sent_as_the_cli_sends_them(
    references: References, value: Any, sent: list[tuple[str, str]]
) -> None:
    assert pairs(references, v=value) == sent


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("${a:id}", "x_1"),
        ("${a:n}", "5"),
        ("${a:big}", "12345678901234567890"),
        ("${a:f}", "1.5"),
        ("${a:huge}", "1000000000000000000000"),
        ("${a:t}", "true"),
        ("${a:nul}", "${a:nul}"),
        ("${a:empty}", "${a:empty}"),
        ("${a:nope}", "${a:nope}"),
        ("${a:nope|fallback}", "fallback"),
        ("${a:nope|a/b}", "${a:nope|a/b}"),
        ("${a:nope|a|b}", "a|b"),
        ("${a:nope|${a:id}}", "${a:id}"),
        ("${a:nope|x} and", "x and"),
        ("${a:id|}", "x_1"),
        ("${a:id|fallback}", "x_1"),
        ("${a:id|x}/${a:n}", "x_1/${a:n}"),
        ("pre-${a:id}-post", "pre-x_1-post"),
        ("${a:id}-${a:n}", "x_1"),
        ("$${a:id}", "$x_1"),
        ("${a:id", "${a:id"),
        ("{a:id}", "{a:id}"),
        ("${a: id}", "${a: id}"),
        ("${:id}", "${:id}"),
        ("${a:arr.0.id}", "a0"),
        ("${a:arr.5.id}", "${a:arr.5.id}"),
        ("${a:arr.-1.id}", "${a:arr.-1.id}"),
        ("${a:arr.#.id}", '["a0","a1"]'),
        ("${a:arr.#}", "2"),
        ('${a:arr.#(id=="a1").id}', "a1"),
        ("${a:arr.#(id==a1).k}", "${a:arr.#(id==a1).k}"),
        ("${a:arr.0.k\\.v}", "dotted"),
        ("${a:obj.b.1}", "2"),
        ("${a:obj.*}", "1"),
        ("${a:id.x}", "${a:id.x}"),
        ("${a:list.0}", "p"),
        ("${.env:FOO}", "foo1"),
        ("${.env:FROMFILE}", "ff"),
        ("${.env:NOPE}", "${.env:NOPE}"),
        ("${.env:NOPE|dd}", "dd"),
        ("a-${.env:FOO}-b", "a-foo1-b"),
        ("p-${generate-uuid}", "p-${generate-uuid}"),
    ],
)
def test_references_are_put_in_as_the_cli_does(references: References, text: str, sent: str) -> None:
    assert pairs(references, v=text) == [("v", sent)]


def test_generators_stand_alone(references: References) -> None:
    references.now = lambda: datetime(2026, 11, 24, 22, 21, 26, tzinfo=UTC)
    assert pairs(references, v="${time-now-RFC3339}") == [("v", "2026-11-24T22:21:26Z")]
    assert len(pairs(references, v="${generate-uuid}")[0][1]) == 36


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1/${a:id}/x", "/v1/x_1/x"),
        ("/v1/${a:id}/${a:n}", "/v1/x_1/5"),
        ("/v1/${a:nope|dd}/x", "/v1/dd/x"),
        ("/v1/p-${a:id}-q", "/v1/p-/x_1/-q"),
        ("/v1/${.env:FOO}/x", "/v1/foo1/x"),
        ("/v1/x?y=1", "/v1/x?y=1"),
    ],
)
def test_paths(references: References, path: str, sent: str) -> None:
    assert prepared(FixtureStep("b", path, "POST"), references).path == sent


def test_parameters_take_the_place_of_a_query(references: References) -> None:
    call = prepared(FixtureStep("b", "/v1/x?y=1", "GET", {"z": "1"}), references)
    assert (call.path, call.pairs) == ("/v1/x", (("z", "1"),))


def test_v2_is_json_with_a_version(references: References) -> None:
    params = {"a": 1, "b": "${a:n}", "c": [1, True, None, "${a:id}"], "e": {"f": None}}
    call = prepared(FixtureStep("b", "/v2/x", "POST", params, headers={"X": "${.env:FOO}"}), references)
    assert call.json == {"a": 1, "b": "5", "c": [1, True, None, "x_1"], "e": {"f": None}}
    assert call.headers == {"Stripe-Version": "2026-08-26.dahlia", "X": "foo1"}
    with pytest.raises(FixtureError, match="POST only"):
        prepared(FixtureStep("b", "/v2/x", "GET", {"a": 1}), references)


def test_what_was_not_declared_ends_it(references: References) -> None:
    with pytest.raises(FixtureError, match="undeclared fixture name was referenced: aa; perhaps 'a' is meant"):
        pairs(references, v="${aa:id}")
    with pytest.raises(FixtureError, match="undeclared"):
        pairs(references, v="${zz:id|default}")
    with pytest.raises(FixtureError, match="not a valid Stripe API path"):
        prepared(FixtureStep("b", "v1/x", "POST"), references)


@pytest.mark.parametrize("value", ["${a:id}-${a:n}", "${a:nope}", [1], [True]])
def test_strict_refuses_the_quirks(references: References, value: Any) -> None:
    pairs(references, v=value)
    references.is_strict = True
    with pytest.raises(FixtureError, match="Stripe CLI"):
        pairs(references, v=value)
    assert pairs(references, v="${a:id}", w=["x"], u=1) == [("v", "x_1"), ("w[]", "x"), ("u", "1")]


def test_strict_refuses_a_path_that_is_torn_apart(references: References) -> None:
    references.is_strict = True
    assert prepared(FixtureStep("b", "/v1/${a:id}/x", "POST"), references).path == "/v1/x_1/x"
    with pytest.raises(FixtureError, match="makes /v1/p-/x_1 of it"):
        prepared(FixtureStep("b", "/v1/p-${a:id}", "POST"), references)


# Files


def read(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "f.json"
    path.write_text(text, "utf-8")
    return read_fixture(path)


def test_names_are_read_whatever_their_case(tmp_path: Path) -> None:
    file = read(tmp_path, '{"FIXTURES":[{"Name":"a","Path":"/v1/x","Method":"post","PARAMS":{"q":1},"zzz":2}],"u":1}')
    assert file.steps == (FixtureStep("a", "/v1/x", "POST", {"q": 1}),)
    assert read(tmp_path, "{}").steps == ()
    assert read(tmp_path, '{"fixtures":[{"path":"/v1/x"}]}').steps[0].method == "GET"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a":', r"f\.json:1: not valid JSON"),
        ('{"fixtures":[],}', "not valid JSON"),
        ("[]", "a fixture is a JSON object"),
        ('{"_meta":{"template_version":1}}', "fixture version not supported: 1"),
        ('{"fixtures":[{"params":[1]}]}', "fixture 1: params must be an object"),
        ('{"fixtures":[{"context":{}}]}', "fixture 1: context must be a text"),
        ('{"fixtures":[{"name":3}]}', "fixture 1: name must be a text"),
        (json.dumps({"fixtures": ["x" * 2_000_000]}), "larger than"),
    ],
)
def test_what_the_cli_would_not_take(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CatalogError, match=told):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        read_fixture(tmp_path / "none.json")
