"""Which origins may read answers."""

from __future__ import annotations

import pytest

from stripe_audit.web.cors import CorsProblem, assess_cors, distinct, origins_to_try


def test_the_origins_to_try_imitate_the_frontend() -> None:
    tried = origins_to_try("https://shop.example:8443")
    assert tried["foreign"] == "https://attacker.example"
    assert tried["null"] == "null"
    assert tried["suffix"] == "https://shop.example.attacker.example"
    assert tried["prefix"] == "https://attackershop.example:8443"
    assert set(origins_to_try(None)) == {"foreign", "null", "suffix"}


@pytest.mark.parametrize(
    ("allowed", "credentials", "severity"),
    [
        (None, None, None),
        (None, "true", None),
        ("https://shop.example", "true", None),
        ("", "true", None),
        ("*", None, None),
        ("*", "false", None),
        ("*", "true", "low"),
        ("https://attacker.example", None, "medium"),
        (" https://attacker.example ", "false", "medium"),
        ("https://attacker.example", "true", "high"),
        ("https://attacker.example", " TRUE ", "high"),
        ("https://attacker.example.org", "true", None),
    ],
)
def test_an_answer_is_judged_by_the_two_headers_that_decide(
    allowed: str | None, credentials: str | None, severity: str | None
) -> None:
    problem = assess_cors("foreign", "https://attacker.example", allowed, credentials)
    assert (problem and problem.severity) == severity
    if problem:
        assert (problem.kind, problem.origin) == ("foreign", "https://attacker.example")


def test_an_answer_to_the_null_origin_is_judged_too() -> None:
    assert assess_cors("null", "null", "null", "true").severity == "high"  # type: ignore[union-attr]


def test_one_problem_where_every_origin_is_reflected() -> None:
    foreign, null, prefix = (CorsProblem(kind, "o", "high", "t") for kind in ("foreign", "null", "prefix"))
    assert distinct([foreign, null, prefix]) == (foreign,)
    assert distinct([null, prefix]) == (null, prefix)
    assert distinct([]) == ()
