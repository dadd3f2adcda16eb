"""What we say of policies beside what Google's csp-evaluator and MDN's HTTP Observatory say of them.

Where the two agree we agree. Where they differ, DIFFER says whom we follow and why. csp-evaluator is asked here; the
Observatory brings 130 MB of packages along, so that what it says (``@mdn/mdn-http-observatory`` 1.4.8, its test
``csp``) is written down.
"""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.conftest import NODE_MODULES

from stripe_audit.web import parse_policies, weaknesses

STRIPE, TAIL = "https://js.stripe.com https://*.js.stripe.com", "object-src 'none'; base-uri 'none'"
POLICIES: dict[str, tuple[str, bool]] = {
    "sound": (f"default-src 'none'; script-src 'self' {STRIPE}; connect-src 'self'; {TAIL}", True),
    "self by default": (f"default-src 'self'; {TAIL}", True),
    "none at all": ("default-src 'none'; base-uri 'none'", True),
    "nonce": (f"script-src 'nonce-abcdefghijklmnop'; {TAIL}", True),
    "nonce and dynamic": (f"script-src 'nonce-abcdefghijklmnop' 'strict-dynamic'; {TAIL}", True),
    "for old browsers": (f"script-src 'nonce-abcdefghijklmnop' 'strict-dynamic' 'unsafe-inline' https:; {TAIL}", True),
    "hash": (f"script-src 'sha256-0hAheEzaMe6uXIKV4EehS9pu1am1lj/KnnzrOYqckXk='; {TAIL}", True),
    "inline": (f"script-src 'self' 'unsafe-inline'; {TAIL}", False),
    "inline by default": (f"default-src 'self' 'unsafe-inline'; {TAIL}", False),
    "eval": (f"script-src 'self' 'unsafe-eval'; {TAIL}", False),
    "star": (f"script-src *; {TAIL}", False),
    "https": (f"script-src https:; {TAIL}", False),
    "http": (f"script-src http:; {TAIL}", False),
    "data": (f"script-src 'self' data:; {TAIL}", False),
    "no scripts": (f"img-src 'self'; {TAIL}", False),
    "no objects": ("script-src 'self'; base-uri 'none'", False),
    "no base": ("script-src 'nonce-abcdefghijklmnop'; object-src 'none'", True),
    "jsdelivr": (f"script-src 'self' https://cdn.jsdelivr.net; {TAIL}", True),
    "cdnjs": (f"script-src 'self' https://cdnjs.cloudflare.com; {TAIL}", True),
    "plain host": (f"script-src 'self' http://cdn.test; {TAIL}", False),
    "semicolon": ("script-src 'self' object-src 'none'; base-uri 'none'", False),
    "unquoted": (f"script-src self; {TAIL}", True),
    "inline styles": (f"script-src 'self'; style-src 'unsafe-inline'; {TAIL}", True),
    "elements free": (f"script-src 'self'; script-src-elem *; {TAIL}", True),
    "attributes free": (f"script-src 'self'; script-src-attr 'unsafe-inline'; {TAIL}", True),
    "only ancestors": ("frame-ancestors 'none'", False),
    "dynamic alone": (f"script-src 'strict-dynamic' 'self'; {TAIL}", False),
}
"""Each with whether the Observatory passes it."""
DIFFER = {
    "eval": ("MDN", "eval runs whatever text gets to it; told as low, since libraries need it"),
    "no base": ("csp-evaluator", "a <base> element redirects scripts with relative addresses; ASVS 3.4.3 asks for it"),
    "jsdelivr": ("csp-evaluator", "it serves every package of npm, an attacker's too"),
    "cdnjs": ("csp-evaluator", "it serves libraries that run text as code"),
    "plain host": ("MDN", "whoever listens in writes the script"),
    "unquoted": ("csp-evaluator", "what was meant is not in force"),
    "elements free": ("csp-evaluator", "script-src-elem decides for script elements (CSP3, 6.1.10)"),
    "attributes free": ("csp-evaluator", "script-src-attr decides for handlers in attributes (CSP3, 6.1.11)"),
    "dynamic alone": ("csp-evaluator", "no script runs, so that nothing is open; csp-allows-stripe tells of the rest"),
}
ASK = """
const { CspEvaluator } = require("csp_evaluator/dist/evaluator.js");
const { CspParser } = require("csp_evaluator/dist/parser.js");
const policies = JSON.parse(require("fs").readFileSync(0));
const found = (text) => new CspEvaluator(new CspParser(text).csp).evaluate();
const worst = (text) => Math.min(100, ...found(text).map((one) => one.severity));
console.log(JSON.stringify(policies.map(worst)));
"""
SYNTAX = 20
"""csp-evaluator's severities: 10 high, 20 syntax; what is above may or may not be something."""


def ours(policy: str) -> bool:
    """Whether we find nothing beyond what is for information."""
    return all(one.severity == "info" for one in weaknesses(parse_policies([policy])))


@pytest.fixture(scope="module")
def evaluated() -> dict[str, bool]:
    texts = [policy for policy, _ in POLICIES.values()]
    said = subprocess.run(
        ["node", "-e", ASK],
        cwd=NODE_MODULES.parent,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: worst > SYNTAX for name, worst in zip(POLICIES, json.loads(said.stdout), strict=True)}


@pytest.mark.node
@pytest.mark.parametrize("name", POLICIES)
def test_where_both_agree_we_agree_and_differences_have_a_reason(evaluated, name):
    policy, mdn = POLICIES[name]
    if evaluated[name] == mdn:
        assert ours(policy) is mdn
        assert name not in DIFFER
    else:
        whom, _ = DIFFER[name]
        assert ours(policy) is {"MDN": mdn, "csp-evaluator": evaluated[name]}[whom]
