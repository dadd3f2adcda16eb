"""Inline scripts and styles: nonces, hashes, and what switches ``'unsafe-inline'`` off (w3.org/TR/CSP3)."""

from __future__ import annotations

import base64
import hashlib

import pytest

from stripe_audit.web import allows, parse_policies, runs_inline
from stripe_audit.web.csp_hashes import allows_hash

TEXT = "Stripe('pk_test_1');\n"
PAGE = "https://shop.example/pay"


def digest(name: str, text: str = TEXT, *, url_safe: bool = False) -> str:
    raw = hashlib.new(name, text.encode()).digest()
    return f"{name}-{(base64.urlsafe_b64encode if url_safe else base64.b64encode)(raw).decode()}"


SHA = f"'{digest('sha256')}'"
OTHER = f"'{digest('sha256', 'other')}'"


@pytest.mark.parametrize(
    ("policies", "nonce", "is_run"),
    [
        ([], None, True),
        (["img-src 'none'"], None, True),
        (["script-src 'self'"], None, False),
        (["default-src 'none'"], None, False),
        (["script-src 'unsafe-inline'"], None, True),
        (["script-src 'UNSAFE-INLINE'"], None, True),
        ([f"script-src {SHA}"], None, True),
        ([f"script-src '{digest('sha384')}'"], None, True),
        ([f"script-src '{digest('sha512')}'"], None, True),
        ([f"script-src '{digest('sha256', url_safe=True)}'"], None, True),
        ([f"script-src '{digest('sha256').upper()[:6]}{digest('sha256')[6:]}'"], None, True),
        ([f"script-src {OTHER}"], None, False),
        ([f"script-src {SHA.strip(chr(39))}"], None, False),  # without quotation marks it is a host
        ([f"default-src {SHA}"], None, True),
        ([f"script-src {SHA}; script-src-elem 'self'"], None, False),
        ([f"script-src 'self'; script-src-elem {SHA}"], None, True),
        ([f"script-src {OTHER} 'unsafe-inline'"], None, False),  # a hash switches 'unsafe-inline' off
        (["script-src 'nonce-abc' 'unsafe-inline'"], None, False),
        (["script-src 'nonce-abc'"], "abc", True),
        (["script-src 'nonce-abc'"], "ABC", False),
        (["script-src 'strict-dynamic' 'unsafe-inline'"], None, False),
        ([f"script-src 'strict-dynamic' {SHA}"], None, True),
        (["script-src 'strict-dynamic' 'nonce-abc'"], "abc", True),
        ([f"script-src {SHA}", "script-src 'self'"], None, False),  # every policy must let it run
        ([f"script-src {SHA}", f"script-src {SHA} 'self'"], None, True),
    ],
)
def test_an_inline_script_runs_by_its_nonce_or_its_hash(policies, nonce, is_run) -> None:
    assert runs_inline(parse_policies(policies), TEXT, nonce=nonce) is is_run


@pytest.mark.parametrize(
    ("policy", "is_run"),
    [
        (f"script-src {SHA}", False),  # an attribute needs 'unsafe-hashes' besides
        (f"script-src {SHA} 'unsafe-hashes'", True),
        (f"script-src-attr {SHA} 'unsafe-hashes'; script-src 'none'", True),
        (f"script-src-elem {SHA} 'unsafe-hashes'; script-src 'none'", False),
        ("script-src 'nonce-abc'", False),
        ("script-src 'unsafe-inline'", True),
        ("script-src 'unsafe-hashes'", False),
    ],
)
def test_an_event_handler_s_attribute_takes_hashes_only_with_unsafe_hashes(policy, is_run) -> None:
    assert runs_inline(parse_policies([policy]), TEXT, nonce="abc", is_attribute=True) is is_run


@pytest.mark.parametrize(
    ("sources", "integrity", "is_loaded"),
    [
        (SHA, digest("sha256"), True),
        (SHA, f"{digest('sha256')}?ct=js", True),
        (SHA, f"{digest('sha256')} {digest('sha384')}", False),  # each of them must be named
        (f"{SHA} '{digest('sha384')}'", f"{digest('sha256')} {digest('sha384')}", True),
        (SHA, digest("sha256", "other"), False),
        (SHA, "", False),
        (SHA, "md9-abc", False),
        (f"{SHA} 'strict-dynamic'", digest("sha256"), True),
        ("'strict-dynamic' https://cdn.example", None, False),
    ],
)
def test_a_script_of_known_content_is_let_in_by_its_integrity(sources, integrity, is_loaded) -> None:
    policies = parse_policies([f"script-src {sources}"])
    url = "https://cdn.example/a.js"
    assert allows(policies, url, "script-src", page_url=PAGE, integrity=integrity) is is_loaded


def test_line_breaks_are_those_of_the_page_as_browsers_read_it() -> None:
    policies = parse_policies([f"script-src '{digest('sha256', 'a();' + chr(10) + 'b();')}'"])
    assert all(runs_inline(policies, f"a();{ending}b();") for ending in ("\n", "\r\n", "\r"))


def test_a_style_of_which_only_the_hash_is_known() -> None:
    known = digest("sha256")
    assert allows_hash([f"'{known}'"], known, is_script=False)
    assert allows_hash(["'unsafe-inline'"], known, is_script=False)
    assert allows_hash(["'unsafe-inline'", "'strict-dynamic'"], known, is_script=False)  # a word for scripts alone
    assert not allows_hash(["'unsafe-inline'", OTHER], known, is_script=False)
    assert not allows_hash([known], known, is_script=False)
    assert not allows_hash([], known, is_script=False)
