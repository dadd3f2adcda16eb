"""Secrets that lie open are known by their shape, and what only looks like one is left alone."""

from __future__ import annotations

import time

import pytest

from stripe_audit.keys import KeyKind, KeyMode, make_test_keys
from stripe_audit.web import env_variables, exposed_in
from stripe_audit.web.exposure import source_map_of

KEYS = make_test_keys(seed=1)
CLIENT_SECRET = "pi_3OxYzQ7mLw2KpVn_secret_a1B2c3D4e5F6g7H8i9J0"


@pytest.mark.parametrize(
    ("text", "kind", "mode"),
    [
        (f'{{stripe:"{KEYS.secret}"}}', KeyKind.SECRET, KeyMode.TEST),
        (f"key={KEYS.secret.replace('_test_', '_live_')}&x", KeyKind.SECRET, KeyMode.LIVE),
        (f"'{KEYS.secret.replace('sk_', 'rk_')}'", KeyKind.RESTRICTED, KeyMode.TEST),
        ("sk_org_live_a1B2c3D4e5F6g7H8i9J0", KeyKind.ORGANISATION, KeyMode.LIVE),
        (KEYS.webhook_secret, KeyKind.WEBHOOK_SECRET, KeyMode.UNKNOWN),
        (KEYS.publishable.replace("_test_", "_live_"), KeyKind.PUBLISHABLE, KeyMode.LIVE),
        (CLIENT_SECRET, KeyKind.CLIENT_SECRET, KeyMode.UNKNOWN),
    ],
)
def test_a_secret_is_found_and_masked(text, kind, mode):
    (found,) = exposed_in(f"const a = 1;{text};")
    assert (found.kind, found.mode) == (kind, mode)
    assert "…" in found.masked
    assert not any(
        secret in found.masked for secret in (KEYS.secret[12:], KEYS.webhook_secret[8:], CLIENT_SECRET[-12:])
    )
    assert found.name == found.name.strip() != ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEYS.publishable,
        "sk_test_...",
        "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
        "STRIPE_SECRET_KEY=sk_test_your_key_here",
        "whsec_YOURSECRETHEREYOURSECRET",
        "task_test_a1B2c3D4e5F6g7H8i9J0",
        "disk_live_a1B2c3D4e5F6g7H8i9J0",
        "client_secret_for_tests",
        "pi_3OxYzQ7mLw2KpVn",
    ],
)
def test_placeholders_and_public_values_are_none(text):
    assert exposed_in(text) == ()


def test_each_value_is_told_once():
    assert len(exposed_in(f"{KEYS.secret} {KEYS.secret} {KEYS.webhook_secret}")) == 2


def test_a_long_bundle_is_read_in_time():
    text = "sk_" * 1_000_000 + KEYS.secret
    began = time.process_time()
    assert len(exposed_in("x " + text)) <= 1
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PORT=1\nSTRIPE_SECRET_KEY=x\n", ("PORT", "STRIPE_SECRET_KEY")),
        ("# shop\nexport A_KEY=1\nB_KEY='2'\n", ("A_KEY", "B_KEY")),
        (f"STRIPE={KEYS.secret}", ("STRIPE",)),
        ("PORT=1", ()),
        ("<!doctype html>\nPORT=1\nHOST=2", ()),
        ('{"a":1}\nPORT=1\nHOST=2', ()),
        ("not found", ()),
    ],
)
def test_an_env_file_is_told_from_a_page(text, names):
    assert env_variables(text) == names


@pytest.mark.parametrize(
    ("script", "address"),
    [
        ("a()\n//# sourceMappingURL=app.js.map", "https://shop.test/static/app.js.map"),
        ("a()\n//@ sourceMappingURL=/maps/app.map\n", "https://shop.test/maps/app.map"),
        ("//# sourceMappingURL=old.map\n//# sourceMappingURL=new.map", "https://shop.test/static/new.map"),
        ("//# sourceMappingURL=data:application/json;base64,e30=", None),
        ("a()", None),
    ],
)
def test_a_script_names_its_source_map(script, address):
    assert source_map_of(script, "https://shop.test/static/app.js") == address
