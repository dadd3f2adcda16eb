"""When a value is what is wanted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stripe_audit.scenario.judging import matches


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, 1),
        (None, None),
        ("paid", ["paid", "refunded"]),
        ([1, 2], [1, 2]),
        ([], []),
        (Decimal("19.99"), Decimal("19.99")),
        (20, Decimal("20.0")),
        (True, True),
        (5, {"at_least": 5, "at_most": 5}),
        (Decimal("0.3"), {"at_most": Decimal("0.3")}),
        ("abc", {"contains": "b", "starts": "a"}),
        (["a"], {"contains": "a"}),
        ("x", {"not": "y"}),
        ("x", {"not": ["y", "z"]}),
        ("x", {"in": ["x"]}),
        (None, {"exists": False}),
        (0, {"exists": True}),
        ({"a": 1}, {"a": 1}),
        ({}, {}),
    ],
)
def test_it_is(value: Any, wanted: Any) -> None:
    assert matches(value, wanted)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, 2),
        (1, True),
        (True, 1),
        ("1", 1),
        (None, 0),
        ("paid", ["refunded"]),
        ([1], [1, 2]),
        ([1], 1),
        ([True], [1]),
        (4, {"at_least": 5}),
        ("5", {"at_least": 5}),
        (None, {"at_most": 5}),
        (True, {"at_least": 0}),
        ("abc", {"contains": "z"}),
        (5, {"contains": 5}),
        ("x", {"not": ["x", "y"]}),
        (None, {"starts": "None"}),
        (None, {"exists": True}),
        (Decimal("19.99"), "19.99"),
        ({"a": 1}, {"a": 2}),
    ],
)
def test_it_is_not(value: Any, wanted: Any) -> None:
    assert not matches(value, wanted)
