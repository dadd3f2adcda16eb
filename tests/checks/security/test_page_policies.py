"""What the page's policies block of Stripe's, and what they leave open to others."""

from __future__ import annotations

import base64
import hashlib

import pytest

from stripe_audit.web import parse_policies
from tests.checks.modules import module_of
from tests.checks.security.samples import visited

ELEMENT = '<script src="https://js.stripe.com/clover/stripe.js"></script>'
GOOD = (
    "default-src 'self'; script-src 'self' https://js.stripe.com; frame-src https://js.stripe.com"
    " https://hooks.stripe.com; connect-src 'self' https://api.stripe.com; object-src 'none'; base-uri 'none'"
)
LOOSE = "script-src 'self' 'unsafe-inline' https:"
CHECKOUT = "<script>stripe.initEmbeddedCheckout({})</script>"


@pytest.mark.parametrize(
    ("policy", "html", "scripts", "blocked"),
    [
        (GOOD, ELEMENT, {}, []),
        (GOOD.replace("https://hooks.stripe.com", ""), ELEMENT, {}, ["https://hooks.stripe.com/"]),
        ("default-src 'self' https://js.stripe.com https://hooks.stripe.com", ELEMENT, {}, ["https://api.stripe.com/"]),
        ("script-src 'nonce-a' 'strict-dynamic'", ELEMENT, {}, ["https://js.stripe.com/clover/stripe.js"]),
        ("script-src 'nonce-a' 'strict-dynamic'", ELEMENT.replace(" src", " nonce=a src"), {}, []),
        ("script-src 'nonce-a' 'strict-dynamic'", "", {"https://shop.test/a.js": "'https://js.stripe.com'"}, []),
        ("script-src 'self'", "", {"https://shop.test/a.js": "'https://js.stripe.com'"}, ["https://js.stripe.com/clover/stripe.js"]),
        ("script-src https://js.stripe.com/v3/", ELEMENT.replace("clover/stripe.js", "v3/"), {}, []),
        (GOOD, ELEMENT + CHECKOUT, {}, ["https://checkout.stripe.com/"]),
    ],
)  # fmt: skip
def test_what_the_page_needs_of_stripe_and_does_not_get(policy, html, scripts, blocked):
    visit = visited(html, scripts)
    found = module_of("csp-allows-stripe").assess(visit, parse_policies([policy]))
    assert sorted({one.url for one in found} - {"https://files.stripe.com/"}) == blocked


def test_a_nonce_that_stays_is_a_weakness():
    judging, policy = (
        module_of("csp-restricts-scripts"),
        "script-src 'nonce-{}'; object-src 'none'; base-uri 'none'; form-action 'self'",
    )
    first, same, other = (parse_policies([policy.format(nonce)]) for nonce in ("abc" * 6, "abc" * 6, "def" * 6))
    assert [one.id for one in judging.assess(first, same)] == ["nonce"]
    assert judging.assess(first, other) == []


@pytest.mark.parametrize(
    ("headers", "html", "ids"),
    [
        ({}, "", ["absent"]),
        ({"content_security_policy_report_only": GOOD}, "", ["absent"]),
        ({"content_security_policy": GOOD}, "", ["forms"]),
        ({}, f'<meta http-equiv="Content-Security-Policy" content="{GOOD}">', ["forms"]),
        ({"content_security_policy": LOOSE}, "", ["inline", "anywhere", "objects", "base", "forms"]),
    ],
)  # fmt: skip
def test_enforced_policies_are_read_from_headers_and_meta_elements(headers, html, ids):
    judging = module_of("csp-restricts-scripts")
    policies = judging.enforced(visited(html, **headers))
    assert [one.id for one in judging.assess(policies, policies)] == ids


META = '<meta http-equiv="Content-Security-Policy" content="script-src a">'
START = "const s = Stripe('pk_test_1');"
SHA = "sha256-" + base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()


@pytest.mark.parametrize(
    ("policy", "html", "count"),
    [
        ("script-src 'self'", f"<script>{START}</script>", 1),
        ("script-src 'self'", f"<script type=application/json>{START}</script>", 0),
        ("script-src 'self'", "<script>track()</script>", 0),  # not Stripe's: told by the browser
        (f"script-src 'self' '{SHA}'", f"<script>{START}</script>", 0),
        (f"script-src 'self' '{SHA}'", f"<script>{START} </script>", 1),
        ("script-src 'nonce-a'", f"<script nonce=a>{START}</script>", 0),
        ("script-src 'unsafe-inline'", f"<script>{START}</script>", 0),
        ("img-src 'none'", f"<script>{START}</script>{META}", 0),
    ],
)
def test_inline_scripts_that_use_stripe_and_are_stopped(policy, html, count):
    assert len(module_of("csp-allows-stripe").stopped(visited(html), [policy])) == count
