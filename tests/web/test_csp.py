"""Content-Security-Policy as browsers enforce it (w3.org/TR/CSP3), and what that means for Stripe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.web.csp import (
    STRIPE_NEEDS,
    Policy,
    allows,
    blocked_stripe_sources,
    nonces,
    parse_policies,
    slowing_sources,
    weaknesses,
)

PAGE = "https://shop.example/pay"
STRIPE_JS = "https://js.stripe.com/clover/stripe.js"
SOUND = (
    "default-src 'self'; script-src 'self' https://js.stripe.com https://checkout.stripe.com "
    "https://connect-js.stripe.com; frame-src https://js.stripe.com https://hooks.stripe.com "
    "https://checkout.stripe.com https://connect-js.stripe.com https://link.com https://*.link.com; "
    "connect-src 'self' https://api.stripe.com https://checkout.stripe.com https://link.com https://*.link.com; "
    "img-src https://*.stripe.com https://*.link.com; "
    "style-src 'sha256-0hAheEzaMe6uXIKV4EehS9pu1am1lj/KnnzrOYqckXk='; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)


def loads(*headers: str, url: str = STRIPE_JS, directive: str = "script-src", page: str = PAGE, **more: str) -> bool:
    return allows(parse_policies(headers), url, directive, page_url=page, **more)


@pytest.mark.parametrize(
    ("policy", "is_allowed"),
    [
        ("", True),
        ("img-src 'none'", True),
        ("frame-ancestors 'none'", True),
        ("default-src 'none'", False),
        ("default-src https://js.stripe.com", True),
        ("default-src 'none'; script-src https://js.stripe.com", True),
        ("script-src 'none'; default-src *", False),
        ("script-src", False),
        ("SCRIPT-SRC HTTPS://JS.STRIPE.COM", True),
        ("script-src 'none'; script-src https://js.stripe.com", False),  # the first of two counts
        ("script-src https://js.stripe.com 'none'", True),  # 'none' among others is ignored
        ("script-src 'self'; script-src-elem https://js.stripe.com", True),
        ("script-src https://js.stripe.com; script-src-elem 'self'", False),
        ("script-src-attr 'none'; script-src https://js.stripe.com", True),
        ("script-src-attr https://js.stripe.com; script-src 'none'", False),
        ("\tscript-src\thttps://js.stripe.com\t;;", True),
    ],
)
def test_the_directive_that_decides_is_found_by_falling_back(policy: str, is_allowed: bool) -> None:
    assert loads(policy) is is_allowed


@pytest.mark.parametrize(
    ("directive", "policy", "is_allowed"),
    [
        ("frame-src", "child-src https://js.stripe.com; default-src 'none'", True),
        ("frame-src", "frame-src 'none'; child-src https://js.stripe.com", False),
        ("frame-src", "default-src https://js.stripe.com", True),
        ("worker-src", "script-src https://js.stripe.com; default-src 'none'", True),
        ("worker-src", "child-src 'none'; script-src https://js.stripe.com", False),
        ("connect-src", "default-src 'none'", False),
        ("connect-src", "script-src 'none'", True),
        ("form-action", "default-src 'none'", True),  # no fetch directive: nothing to fall back to
        ("base-uri", "default-src 'none'", True),
        ("style-src-elem", "style-src 'none'", False),
    ],
)
def test_each_directive_has_its_own_fallbacks(directive: str, policy: str, is_allowed: bool) -> None:
    assert loads(policy, directive=directive) is is_allowed


@pytest.mark.parametrize(
    ("source", "url", "is_matched"),
    [
        ("https://js.stripe.com", "https://js.stripe.com/v3/", True),
        ("js.stripe.com", "https://js.stripe.com/v3/", True),
        ("http://js.stripe.com", "https://js.stripe.com/v3/", True),  # an upgrade is let through
        ("https://js.stripe.com", "http://js.stripe.com/v3/", False),
        ("https://*.stripe.com", "https://js.stripe.com/", True),
        ("https://*.stripe.com", "https://a.js.stripe.com/", True),
        ("https://*.stripe.com", "https://stripe.com/", False),
        ("https://*.stripe.com", "https://evilstripe.com/", False),
        ("https://*.stripe.com", "https://js.stripe.com.evil.example/", False),
        ("https://*.js.stripe.com", "https://js.stripe.com/", False),
        ("stripe.com", "https://js.stripe.com/", False),
        ("*", "https://js.stripe.com/", True),
        ("*", "wss://js.stripe.com/", True),
        ("*", "data:text/javascript,1", False),
        ("*", "blob:https://shop.example/1", False),
        ("https:", "https://js.stripe.com/", True),
        ("http:", "https://js.stripe.com/", True),
        ("https:", "http://js.stripe.com/", False),
        ("data:", "data:text/javascript,1", True),
        ("https://*", "https://js.stripe.com/", True),
        ("https://js.stripe.com:443", "https://js.stripe.com/", True),
        ("https://js.stripe.com:*", "https://js.stripe.com:8443/", True),
        ("https://js.stripe.com:8443", "https://js.stripe.com/", False),
        ("https://js.stripe.com", "https://js.stripe.com:8443/", False),
        ("https://js.stripe.com/", "https://js.stripe.com/v3/", True),
        ("https://js.stripe.com/v3/", "https://js.stripe.com/v3/x.js", True),
        ("https://js.stripe.com/v3", "https://js.stripe.com/v3/x.js", False),
        ("https://js.stripe.com/v3/x.js", "https://js.stripe.com/v3/x.js", True),
        ("https://js.stripe.com/V3/", "https://js.stripe.com/v3/x.js", False),
        ("https://js.stripe.com/a%2Fb/", "https://js.stripe.com/a/b/c", True),
        ("https://js.stripe.com/x://y", "https://js.stripe.com/x://y", True),
        ("'self'", "https://shop.example/a.js", True),
        ("'SELF'", "https://shop.example/a.js", True),
        ("'self'", "https://shop.example:8443/a.js", False),
        ("'self'", "http://shop.example/a.js", False),
        ("'self'", "https://www.shop.example/a.js", False),
        ("'self'", "wss://shop.example/live", True),
        ("'unsafe-inline'", "https://js.stripe.com/", False),
        ("'none'", "https://js.stripe.com/", False),
        ("'self", "https://shop.example/a.js", False),
        ("https://js.stripe.com:port", "https://js.stripe.com/", False),
        ("https://[::1]", "https://[::1]/", False),  # the grammar has no addresses of IPv6
        ("", "https://js.stripe.com/", False),
        ("*", "http://[", False),
        ("https://js.stripe.com", "https://js.stripe.com:99999/", False),
    ],
)
def test_a_source_matches_as_a_browser_matches_it(source: str, url: str, is_matched: bool) -> None:
    assert loads(f"connect-src {source}", url=url, directive="connect-src") is is_matched


def test_on_a_plain_page_self_and_bare_hosts_take_the_secure_form_too() -> None:
    page = "http://shop.example/pay"
    assert loads("script-src 'self'", url="https://shop.example/a.js", page=page)
    assert loads("script-src 'self'", url="ws://shop.example/a.js", page=page)
    assert loads("script-src js.stripe.com", page=page)
    assert not loads("script-src 'self'", url="http://shop.example:443/a.js", page=page)
    local = "http://127.0.0.1:5173/"
    assert loads("script-src 'self'", url="http://127.0.0.1:5173/a.js", page=local)
    assert not loads("script-src 'self'", url="http://127.0.0.1:3001/a.js", page=local)


def test_every_policy_must_allow_a_load() -> None:
    both = "script-src https://js.stripe.com"
    assert loads(both, "script-src *")
    assert not loads(both, "script-src 'self'")
    assert not loads(f"{both}, script-src 'self'")  # a comma begins another policy
    assert allows(parse_policies([both], ["script-src 'none'"]), STRIPE_JS, "script-src", page_url=PAGE) is False


def test_a_nonce_lets_its_own_script_in_and_nothing_else() -> None:
    policy = "default-src 'none'; script-src 'nonce-AbC'"
    assert loads(policy, nonce="AbC")
    assert loads(policy.replace("'nonce", "'NONCE"), nonce="AbC")
    assert not loads(policy, nonce="abc")
    assert not loads(policy)
    assert not loads(policy, nonce="")
    assert not loads("connect-src 'nonce-AbC'", directive="connect-src", nonce="AbC")


def test_strict_dynamic_ignores_hosts() -> None:
    policies = parse_policies(["script-src 'strict-dynamic' 'nonce-a' https://js.stripe.com 'self' https:"])
    assert not allows(policies, STRIPE_JS, "script-src", page_url=PAGE)
    assert allows(policies, STRIPE_JS, "script-src", page_url=PAGE, nonce="a")
    frames = parse_policies(["frame-src 'strict-dynamic' https://js.stripe.com"])
    assert allows(frames, STRIPE_JS, "frame-src", page_url=PAGE)


def test_a_meta_element_can_neither_frame_nor_report_nor_sandbox() -> None:
    text = "frame-ancestors 'none'; report-uri /r; sandbox; script-src 'self'"
    assert parse_policies([], [text]) == (Policy({"script-src": ("'self'",)}),)
    assert parse_policies([], ["sandbox"]) == ()
    assert set(parse_policies([text])[0].directives) == {"frame-ancestors", "report-uri", "sandbox", "script-src"}


@pytest.mark.parametrize("product", STRIPE_NEEDS)
def test_a_sound_policy_blocks_nothing_that_stripe_needs(product: str) -> None:
    assert blocked_stripe_sources(parse_policies([SOUND]), product, PAGE) == ()
    assert blocked_stripe_sources((), product, PAGE) == ()


@pytest.mark.parametrize("product", STRIPE_NEEDS)
def test_a_policy_that_knows_no_stripe_blocks_all_that_it_needs(product: str) -> None:
    blocked = blocked_stripe_sources(parse_policies(["default-src 'self'"]), product, PAGE)
    assert {(one.directive, one.url.strip("'")) for one in blocked} == set(STRIPE_NEEDS[product])
    assert {one.governed_by for one in blocked} == {"default-src"}


@pytest.mark.parametrize(
    ("change", "directive", "governed_by"),
    [
        (("script-src 'self' https://js.stripe.com", "script-src 'self'"), "script-src", "script-src"),
        (("; object-src", "; script-src-elem 'self'; object-src"), "script-src", "script-src-elem"),
        (
            ("frame-src https://js.stripe.com https://hooks.stripe.com", "frame-src https://js.stripe.com"),
            "frame-src",
            "frame-src",
        ),
        (("connect-src 'self' https://api.stripe.com", "connect-src 'self'"), "connect-src", "connect-src"),
    ],
)
def test_what_is_blocked_names_the_directive_that_decides(
    change: tuple[str, str], directive: str, governed_by: str
) -> None:
    text = SOUND.replace(*change)
    assert text != SOUND
    blocked = blocked_stripe_sources(parse_policies([text]), "elements", PAGE)
    assert {(one.directive, one.governed_by) for one in blocked} == {(directive, governed_by)}


def test_a_nonce_on_stripe_s_script_is_enough_for_the_script_only() -> None:
    policies = parse_policies(["default-src 'none'; script-src 'nonce-x' 'strict-dynamic'"])
    blocked = blocked_stripe_sources(policies, "elements", PAGE, script_url=STRIPE_JS, nonce="x")
    assert {one.directive for one in blocked} == {"frame-src", "connect-src"}
    unproved = blocked_stripe_sources(policies, "elements", PAGE, script_url=STRIPE_JS)
    assert {one.directive for one in unproved} == {"script-src", "frame-src", "connect-src"}


@pytest.mark.parametrize("product", STRIPE_NEEDS)
def test_what_a_trusted_script_inserts_is_trusted_under_strict_dynamic(product: str) -> None:
    policies = parse_policies(["script-src 'nonce-x' 'strict-dynamic'"])
    assert blocked_stripe_sources(policies, product, PAGE) == ()


def test_the_script_s_own_address_is_held_against_paths_and_the_rest_against_hosts() -> None:
    policies = parse_policies(
        [SOUND.replace("https://js.stripe.com https://checkout", "https://js.stripe.com/v3/ https://checkout")]
    )
    assert blocked_stripe_sources(policies, "elements", PAGE) == ()
    assert blocked_stripe_sources(policies, "elements", PAGE, script_url="https://js.stripe.com/v3/") == ()
    (blocked,) = blocked_stripe_sources(policies, "elements", PAGE, script_url=STRIPE_JS)
    assert blocked.url == STRIPE_JS


def test_every_nonce_that_is_named_is_listed() -> None:
    policies = parse_policies(["script-src 'nonce-a' 'NONCE-b'; style-src 'nonce-c' 'self'"], ["img-src 'none'"])
    assert nonces(policies) == {"a", "b", "c"}
    assert nonces(()) == frozenset()


def test_hosts_that_only_make_it_faster_are_told_apart() -> None:
    assert {one.directive for one in slowing_sources(parse_policies([SOUND]), PAGE)} == {"script-src", "frame-src"}
    assert slowing_sources(parse_policies([SOUND.replace("https://js.", "https://*.js.")]), PAGE) == ()


STRICT = "script-src 'nonce-abcdefghijklmnop' 'strict-dynamic'; object-src 'none'; base-uri 'none'; form-action 'self'"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], {"absent"}),
        ([STRICT], set()),
        ([SOUND], set()),
        (["frame-ancestors 'none'"], {"scripts-free", "objects", "base", "forms"}),
        (["default-src 'self'"], {"objects", "base", "forms"}),
        (["default-src 'none'; base-uri 'NONE'; form-action 'none'"], set()),
        ([STRICT.replace("'nonce-abcdefghijklmnop' 'strict-dynamic'", "'self' 'unsafe-inline'")], {"inline"}),
        ([STRICT.replace("'nonce-abcdefghijklmnop' 'strict-dynamic'", "'self' 'unsafe-eval'")], {"eval"}),
        ([STRICT.replace("'nonce-abcdefghijklmnop' 'strict-dynamic'", "'self' https:")], {"anywhere"}),
        ([STRICT.replace("'nonce-abcdefghijklmnop' 'strict-dynamic'", "*")], {"anywhere"}),
        ([STRICT.replace("'nonce-abcdefghijklmnop' 'strict-dynamic'", "https://*:*")], {"anywhere"}),
        ([STRICT.replace("'nonce-abcdefghijklmnop' 'strict-dynamic'", "data:")], {"anywhere"}),
        ([STRICT + " ", "script-src *"], set()),
        (
            [STRICT.replace("'nonce-abcdefghijklmnop'", "'nonce-abcdefghijklmnop' 'unsafe-inline' https:")],
            set(),
        ),  # for browsers that know no nonces
        (
            [STRICT.replace("'nonce-abcdefghijklmnop' ", "'unsafe-inline' https: ")],
            set(),
        ),  # 'strict-dynamic' switches both off
        ([STRICT.replace("'strict-dynamic'", "'unsafe-inline'")], set()),  # a nonce switches it off
        ([STRICT + "; script-src-elem * 'unsafe-inline'"], {"anywhere", "inline"}),
        ([STRICT + "; script-src-attr 'unsafe-inline'"], {"inline"}),
        (["script-src-elem 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"], {"scripts-free"}),
        # Two policies leave open what both leave open; one that says nothing on scripts leaves all of it open.
        (["script-src 'unsafe-inline'; object-src 'none'", "frame-ancestors 'none'"], {"inline", "base", "forms"}),
        (
            ["frame-ancestors 'none'", "script-src 'unsafe-inline' *"],
            {"inline", "anywhere", "objects", "base", "forms"},
        ),
        (["script-src 'unsafe-inline'", "script-src 'self'; form-action 'self'"], {"objects", "base"}),
        (["sandbox", "frame-ancestors 'self'"], {"scripts-free", "objects", "base", "forms"}),
    ],
)
def test_what_the_policies_together_leave_open(headers: list[str], found: set[str]) -> None:
    told = weaknesses(parse_policies(headers))
    assert {one.id for one in told} == found
    assert len(told) == len(found)
    assert all(one.text and one.severity in ("info", "low", "medium") for one in told)


@given(
    st.text(alphabet="scriptdefaul-'*;:/, .\thonce\u00e9", max_size=120),
    st.text(alphabet="htps:/.[]@*js1", max_size=30),
)
def test_no_policy_and_no_address_breaks_the_judging(policy: str, url: str) -> None:
    policies = parse_policies([policy], [policy])
    allows(policies, url, "script-src", page_url=PAGE)
    allows(policies, STRIPE_JS, "script-src", page_url=url)
    weaknesses(policies)
    blocked_stripe_sources(policies, "elements", PAGE)
