from __future__ import annotations

import pytest

from stripe_audit import trials
from stripe_audit.trials import NOT_FOUND, Crossing
from tests.checks.modules import answered, module_of

EVIL, FRONTEND = "https://attacker.example", "https://app.test"
READABLE = answered(200, "[]", access_control_allow_origin=EVIL)
WITH_CREDENTIALS = answered(
    200, "[]", access_control_allow_origin=EVIL, access_control_allow_credentials="true", vary="Origin"
)


@pytest.mark.parametrize(
    ("kind", "answer", "severity"),
    [
        ("foreign", answered(200), None),
        ("foreign", answered(200, access_control_allow_origin="*"), None),
        ("foreign", answered(200, access_control_allow_origin=FRONTEND), None),
        ("foreign", READABLE, "low"),
        ("suffix", READABLE, "medium"),
        ("foreign", WITH_CREDENTIALS, "high"),
        ("suffix", WITH_CREDENTIALS, "high"),
    ],
)
def test_what_a_page_of_another_origin_may_read(kind, answer, severity):
    assess = module_of("cors-restricted").assess
    read = assess(kind, Crossing(EVIL, {"catalogue": answer}, {}))
    posted = assess(kind, Crossing(EVIL, {}, {"create_payment": answer}))
    assert [problem.severity for _, problem in read] == ([severity] if severity else [])
    assert [label for label, _ in posted] == (["preflight of create_payment"] if severity else [])


ALLOWED = {"access_control_allow_origin": FRONTEND, "access_control_allow_headers": "Content-Type, X-Request-Id"}


@pytest.mark.parametrize(
    ("preflight", "trouble"),
    [
        (answered(204, **ALLOWED), ""),
        (answered(200, **{**ALLOWED, "access_control_allow_origin": "*", "access_control_allow_headers": "*"}), ""),
        (answered(404), ""),
        (answered(204), ""),
        (answered(404, vary="Origin"), ""),
        (answered(204, vary="Accept, Origin"), "its origin is not allowed"),
        (answered(204, **{**ALLOWED, "access_control_allow_origin": "https://old.test"}), "only https://old.test"),
        (answered(403, **ALLOWED), "answered 403"),
        (answered(204, access_control_allow_origin=FRONTEND), "Content-Type is not allowed"),
        (answered(204, **{**ALLOWED, "access_control_allow_headers": "X-Content-Type"}), "Content-Type is not allowed"),
    ],
)
def test_the_declared_frontend_may_post_json(preflight, trouble):
    told = module_of("cors-restricted").assess_frontend(FRONTEND, preflight)
    assert bool(told) == bool(trouble)
    assert trouble in told


def test_only_a_route_that_was_read_shows_that_there_is_an_api():
    has_read = trials.has_read
    assert has_read({"catalogue": answered(200, "[]"), NOT_FOUND: answered(404, "no")})
    assert has_read({"catalogue": answered(200, "[]"), NOT_FOUND: answered(200, "<app>")})
    assert not has_read({"catalogue": answered(200, "{}"), NOT_FOUND: answered(200, "{}")})
    assert not has_read({"catalogue": answered(400, "{}"), NOT_FOUND: answered(404, "")})
    assert not has_read({})


@pytest.mark.parametrize(
    ("method", "named", "trouble"),
    [
        ("POST", {}, ""),  # needs no preflight's word
        ("PUT", {}, "the method PUT is not allowed"),
        ("PUT", {"access_control_allow_methods": "GET, POST"}, "the method PUT is not allowed"),
        ("PUT", {"access_control_allow_methods": "get, put"}, ""),
        ("put", {"access_control_allow_methods": "PUT"}, ""),
        ("PATCH", {"access_control_allow_methods": "*"}, ""),
    ],
)
def test_the_declared_frontend_may_use_the_route_s_method(method, named, trouble):
    assert module_of("cors-restricted").assess_frontend(FRONTEND, answered(204, **ALLOWED, **named), method) == trouble


@pytest.mark.parametrize(
    ("methods", "headers", "credentials", "is_anything"),
    [
        ("GET, POST, DELETE", "Content-Type, X-Stripe-Audit-Asks", None, True),  # it says what it is asked
        ("*", "*", None, True),
        ("*", "*", "true", False),
        ("delete", "x-stripe-audit-asks", "true", True),
        ("GET, POST", "*", None, False),
        ("*", "Content-Type", None, False),
        (None, None, None, False),
    ],
)
def test_a_preflight_that_grants_whatever_it_is_asked(methods, headers, credentials, is_anything):
    told = {"methods": methods, "headers": headers, "credentials": credentials}
    named = {f"access_control_allow_{name}": value for name, value in told.items() if value}
    assert module_of("cors-restricted").is_anything(answered(204, **named)) is is_anything
