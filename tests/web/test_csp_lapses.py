"""Slips of the pen in policies, and hosts that serve anybody's scripts."""

from __future__ import annotations

import pytest

from stripe_audit.web import parse_policies, weaknesses
from stripe_audit.web.csp_lapses import anybodys_hosts, lapses_in

REST = "object-src 'none'; base-uri 'none'; form-action 'self'"


@pytest.mark.parametrize(
    ("policy", "ids"),
    [
        (f"script-src 'self'; {REST}", []),
        ("script-src 'self' object-src 'none'; base-uri 'none'", ["semicolon", "none"]),
        (f"script-src self; {REST}", ["quotes"]),
        (f"script-src nonce-abcdefghijklmnop; {REST}", ["quotes"]),
        (f"script-src 'none' 'self'; {REST}", ["none"]),
        (f"script-src https://self.test; {REST}", []),
        (f"sandbox allow-scripts; script-src 'self'; {REST}", []),
        (f"report-to self; script-src 'self'; {REST}", []),
    ],
)
def test_slips_of_the_pen(policy, ids):
    (parsed,) = parse_policies([policy])
    assert [identity for identity, _ in lapses_in(parsed.directives)] == ids
    assert set(ids) <= {one.id for one in weaknesses([parsed])}


@pytest.mark.parametrize(
    ("source", "is_anybodys"),
    [
        ("https://cdn.jsdelivr.net", True),
        ("cdn.jsdelivr.net", True),
        ("https://cdn.jsdelivr.net/npm/mypackage@1/", False),
        ("https://*.googleapis.com", True),
        ("*.cloudfront.net", True),
        ("d111111abcdef8.cloudfront.net", True),
        ("https://js.stripe.com", False),
        ("https://*.js.stripe.com", False),
        ("https://cdn.jsdelivr.net.evil.test", False),
        ("'self'", False),
        ("https:", False),
    ],
)
def test_hosts_that_serve_anybodys_scripts(source, is_anybodys):
    assert bool(anybodys_hosts([source])) is is_anybodys
    found = {one.id for one in weaknesses(parse_policies([f"script-src {source}; {REST}"]))}
    assert ("hosts" in found) is is_anybodys


def test_another_policy_that_keeps_the_host_out_makes_up_for_it():
    policies = parse_policies([f"script-src https://cdn.jsdelivr.net; {REST}", "script-src 'self'"])
    assert weaknesses(policies) == ()
