"""What caches may keep, by Cache-Control and method."""

from __future__ import annotations

import pytest

from stripe_audit.web.caching import caching_problem


@pytest.mark.parametrize(
    ("values", "method", "severity"),
    [
        (["no-store"], "POST", None),
        (["no-store, max-age=60"], "GET", None),
        ([], "POST", None),  # nothing keeps it (RFC 9111, 3)
        ([], "GET", "low"),
        (["private, no-cache"], "GET", None),
        (["private, max-age=600"], "GET", "low"),
        (["no-cache"], "GET", None),
        (["max-age=0, must-revalidate"], "GET", "low"),
        (["max-age=600"], "GET", "medium"),
        (["max-age=600"], "POST", "medium"),
        (["public"], "POST", "high"),
        (["public, max-age=0"], "GET", "high"),
        (["s-maxage=60"], "POST", "high"),
        (["private", "max-age=60"], "POST", "low"),
        (['max-age="60"'], "POST", "medium"),
    ],
)
def test_what_may_be_kept(values, method, severity):
    problem = caching_problem(values, method=method)
    assert (problem and problem[0]) == severity
