"""Stripe's secrets by their shape, in bytes of any kind."""

from __future__ import annotations

import random

import pytest

from stripe_audit.keys import make_test_keys
from stripe_audit.source.secrets import secrets_in

KEYS = make_test_keys(seed=5)
LIVE = KEYS.secret.replace("_test_", "_live_")


def told(text: str | bytes) -> list[tuple[str, int]]:
    return [(one.name, one.line) for one in secrets_in(text.encode() if isinstance(text, str) else text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"key = '{KEYS.secret}'", [("test secret key", 1)]),
        (f"\n\nkey = {LIVE}\n", [("live secret key", 3)]),
        (LIVE.replace("sk_", "rk_"), [("live restricted key", 1)]),
        (KEYS.webhook_secret, [("webhook signing secret", 1)]),
        ("whsec_" + "0f9a" * 16, []),  # four characters over and over: made up
        ("whsec_5f2a9c0e7b1d4836a0c9f1e2d3b4a5968778695a4b3c2d1e0f9a8b7c6d5e4f30", [("webhook signing secret", 1)]),
        (KEYS.secret.replace("sk_test_", "sk_org_"), [("organisation key", 1)]),
        (f"{KEYS.secret}\n{KEYS.secret}", [("test secret key", 1)]),
        (b"\x00\xff" + LIVE.encode() + b"\xff", [("live secret key", 1)]),
        (f"x{KEYS.secret}", []),  # part of a longer word
        (KEYS.publishable, []),
        ("sk_test_your_key_here_and_then_some_more", []),
        ("sk_live_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", []),
        ("sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc", []),  # that of Stripe's documentation
        ("whsec_abcdefghijklmnopqrstuvwxyzabcdef", []),
        ("sk_test_short1234567", []),
        ("sk_test_createPaymentIntentWithAutomaticTax", []),  # a name, no key: without a digit
        ("k_test_", []),
        (b"", []),
    ],
)
def test_what_is_a_secret(text, found):
    assert told(text) == found


def test_values_are_nowhere_kept_and_told_apart_by_their_hash():
    (one,), (same,), (other,) = (
        secrets_in(LIVE.encode()),
        secrets_in(b"x " + LIVE.encode()),
        secrets_in(KEYS.secret.encode()),
    )
    assert one.digest == same.digest != other.digest
    assert LIVE[8:] not in repr(one) + one.masked


def test_anchors_find_whatever_the_expression_finds():
    """Between random words, with anchors that begin nothing, overlapping and at either end."""
    source = random.Random(4)
    words = ["k_live_", "sk_test_", "whsec_", "k_test_k_test_", " ", "\n", KEYS.secret, LIVE, KEYS.webhook_secret, "="]
    for _ in range(300):
        text = "".join(source.choice(words) + source.choice(["", " ", "'"]) for _ in range(12)).encode()
        from stripe_audit.source.secrets import _SECRET, _is_real

        expected = {match.group() for match in _SECRET.finditer(text) if _is_real(match.group().decode())}
        assert len(secrets_in(text)) == len(expected), text
