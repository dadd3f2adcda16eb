"""Cookies as browsers read them, and what they lack."""

from __future__ import annotations

import pytest

from stripe_audit.web.cookies import cookie_problems, parse_cookie

LONG = "a3f9c2e7b1d5804699aa"
GOOD = f"__Host-session={LONG}; Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("header", "name", "attributes"),
    [
        ("a=b", "a", {}),
        ("a=b; Partitioned; Secure", "a", {"partitioned": "", "secure": ""}),
        (" a = b ;path=/;PATH=/x", "a", {"path": "/x"}),
        ("=b", "", {}),
        ("b", "", {}),
        ("a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "a", {"expires": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    ],
)
def test_a_cookie_is_read_as_browsers_do(header, name, attributes):
    cookie = parse_cookie(header)
    assert cookie is not None
    assert (cookie.name, cookie.attributes) == (name, attributes)


def test_an_empty_header_is_no_cookie():
    assert parse_cookie("") is None
    assert parse_cookie("; Secure") is None


@pytest.mark.parametrize(
    ("header", "is_secure", "found"),
    [
        (GOOD, True, []),
        (GOOD.replace("Lax", "Strict"), True, []),
        (f"session={LONG}; Secure; HttpOnly; SameSite=Lax", True, []),
        (f"session={LONG}; HttpOnly; SameSite=Lax", False, []),  # over plain HTTP nothing can be Secure
        (f"session={LONG}; HttpOnly; SameSite=Lax", True, ["secure"]),
        (f"session={LONG}; Secure; SameSite=Lax", True, ["httponly"]),
        (f"connect.sid={LONG}; Secure; HttpOnly", True, ["samesite"]),
        (f"session={LONG}; Secure; HttpOnly; SameSite=None", True, ["samesite"]),
        (f"session={LONG}; Secure; HttpOnly; SameSite=None; Partitioned", True, []),
        (f"session={LONG}; HttpOnly; SameSite=None", True, ["none", "secure", "samesite"]),
        (f"__Host-session={LONG}; Path=/; HttpOnly; SameSite=Lax", True, ["prefix"]),
        (f"__Host-session={LONG}; Path=/app; Secure; HttpOnly; SameSite=Lax", True, ["prefix"]),
        (f"__Host-session={LONG}; Path=/; Domain=a.b; Secure; HttpOnly; SameSite=Lax", True, ["prefix", "domain"]),
        (f"XSRF-TOKEN={LONG}; Secure; SameSite=Lax", True, []),  # a frontend's script sends it back
        ("lang=de", True, []),
        ("theme=dark; SameSite=None", True, ["none"]),
        ("session=; Max-Age=0", True, []),  # it is being removed
        (f"visitor={LONG}", True, ["secure", "httponly", "samesite"]),
    ],
)
def test_what_a_cookie_lacks(header, is_secure, found):
    assert [problem.id for problem in cookie_problems([header], is_secure=is_secure)] == found


def test_only_a_name_that_says_so_makes_it_a_flaw():
    def severities(name: str) -> set[str]:
        return {problem.severity for problem in cookie_problems([f"{name}={LONG}; Path=/"], is_secure=True)}

    assert severities("session") == {"medium", "low"}
    assert severities("AWSALB") == {"info"}  # a load balancer's
