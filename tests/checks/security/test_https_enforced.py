from __future__ import annotations

import pytest

from stripe_audit.trials import NOT_FOUND, Tls
from tests.checks.modules import answered, module_of
from tests.checks.security.samples import visited

YEAR = {"strict_transport_security": "max-age=31536000"}
TO_TLS = answered(308, location="https://shop.test/a")
TO_CLEAR = answered(301, location="http://www.shop.test/a")
SERVED = answered(200)


def ids(problems) -> list[tuple[str, str]]:
    found = list(problems)
    assert all(one.title and one.detail for one in found)
    return [(one.id, str(one.severity)) for one in found]


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (Tls(None, ()), []),
        (Tls(None, (), 60.0), []),
        (Tls(None, (), 13.9), [("expiry", "medium")]),
        (Tls(None, (), -0.5), [("expiry", "medium")]),
        (Tls(None, ("TLS 1.1",)), [("old-tls", "medium")]),
        (Tls("certificate verify failed", ("TLS 1.0",)), [("certificate", "high"), ("old-tls", "medium")]),
    ],
)
def test_certificate_and_versions(tls, expected):
    assert ids(module_of("https-enforced").assess_tls(tls)) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, []),
        ({"the page": answered(200, **YEAR)}, []),
        ({"the page": answered(200, **YEAR), "catalogue": SERVED}, [("hsts", "medium")]),
        ({"the page": answered(200, strict_transport_security="max-age=60")}, [("hsts", "low")]),
    ],
)
def test_answers_over_tls_ask_for_tls(answers, expected):
    assert ids(module_of("https-enforced").assess_hsts(answers)) == expected


def test_what_the_page_loads_in_the_clear():
    assess = module_of("https-enforced").assess_page
    assert ids(assess(visited("<script src=http://cdn.test/a.js></script>"))) == [("mixed", "medium")]
    assert ids(assess(visited("<script src=//cdn.test/a.js></script><script src=/b.js></script>"))) == []
    assert ids(assess(None)) == []


@pytest.mark.parametrize(
    ("page", "api", "is_local", "expected"),
    [
        (None, {}, False, []),
        (answered(404), {}, False, []),
        (TO_TLS, {}, False, []),
        (SERVED, {}, True, [("page", "high")]),
        (TO_CLEAR, {}, True, [("page", "high")]),
        (TO_TLS, {"catalogue": SERVED}, True, []),
        (TO_TLS, {"catalogue": SERVED}, False, [("api", "medium")]),
        (TO_TLS, {"catalogue": answered(403)}, False, []),
        (TO_TLS, {"catalogue": TO_TLS}, False, [("api-redirect", "low")]),
        (TO_TLS, {NOT_FOUND: TO_TLS}, False, []),
        (TO_TLS, {"catalogue": TO_CLEAR}, False, []),
    ],
)
def test_what_is_answered_in_the_clear(page, api, is_local, expected):
    assert ids(module_of("https-enforced").assess_clear(page, api, is_local=is_local)) == expected
