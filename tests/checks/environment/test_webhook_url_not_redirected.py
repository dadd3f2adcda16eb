from __future__ import annotations

import pytest

from tests.checks.modules import answered, module_of


def redirect(to: str):
    return answered(308, url="http://shop.test/api/hook", location=to)


@pytest.mark.parametrize(
    ("location", "only_to_https", "hint"),
    [
        ("https://shop.test/api/hook", True, ", the same address over https."),
        ("https://shop.test:8443/api/hook", True, ", the same address over https."),
        ("https://shop.test/api/hook/", False, ", the same path but for the slash at its end."),
        ("/api/hook/", False, ", the same path but for the slash at its end."),
        ("https://www.shop.test/api/hook", False, ", the same host with www."),
        ("https://hooks.shop.test/api/hook", False, ", on hooks.shop.test instead of shop.test."),
        ("/login?next=/api/hook", False, ", a login: the route needs an exemption from it."),
        ("/elsewhere", False, "."),
    ],
)
def test_where_a_redirect_leads(location, only_to_https, hint):
    module = module_of("webhook-url-not-redirected")
    assert module.is_only_to_https(redirect(location)) is only_to_https
    assert module.hint(redirect(location)) == hint


def test_what_is_no_redirect_leads_nowhere():
    assert module_of("webhook-url-not-redirected").is_only_to_https(answered(400)) is False
