"""Signatures: ours and the official SDK's agree, both ways."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_audit import signatures
from stripe_audit.signatures import SignatureError, parse_header, verify

SECRET = "whsec_q8Ld0vT2mZx7Yc4RnB1kWs5JhGf9PaUe"
OTHER = "whsec_aW5vdGhlcnNlY3JldGFub3RoZXJzZWNy"
BODY = '{\n  "id": "evt_1",\n  "note": "café ☕ \\u00e9"\n}\n'.encode()
NOW = 1_790_000_000

secrets = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() and text.isprintable())
payloads = st.text(max_size=200).filter(lambda text: text.isascii() or text.encode("utf-8", "ignore").decode() == text)


def official(body: bytes, header: str, secret: str, tolerance: int | None = None) -> bool:
    """What the official Python SDK says."""
    try:
        return stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance)
    except (stripe.SignatureVerificationError, TypeError):  # TypeError: a signature that is not ASCII breaks it (16.1)
        return False


def ours(body: bytes, header: str, secret: str, now: float = NOW, tolerance: int = signatures.TOLERANCE) -> str:
    """The reason of a refusal, or ``accepted``."""
    try:
        verify(body, header, secret, now=now, tolerance=tolerance)
    except SignatureError as error:
        return error.reason
    return "accepted"


def test_the_signature_is_the_documented_one() -> None:
    by_hand = hmac.new(SECRET.encode(), str(NOW).encode() + b"." + BODY, hashlib.sha256).hexdigest()
    assert signatures.header(BODY, SECRET, NOW) == f"t={NOW},v1={by_hand}"


@given(payloads, secrets, st.integers(0, 2**33))
def test_the_official_sdk_accepts_what_we_sign(body: str, secret: str, timestamp: int) -> None:
    assert official(body.encode(), signatures.header(body.encode(), secret, timestamp), secret)


@given(payloads, secrets)
def test_we_accept_what_the_official_sdk_signs(body: str, secret: str) -> None:
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=NOW)
    assert ours(body.encode(), header, secret) == "accepted"


@given(payloads, secrets, secrets, st.integers(-400, 400))
@settings(max_examples=200)
def test_both_give_the_same_verdict(body: str, signed_with: str, known: str, age: int) -> None:
    now = int(time.time())
    age += 3 * (abs(age - 300) < 3)  # the official SDK reads the clock itself; keep clear of the edge
    header = signatures.header(body.encode(), signed_with, now - age)
    verdict = ours(body.encode(), header, known, now)
    assert official(body.encode(), header, known, 300) is (verdict == "accepted")
    assert (verdict == "accepted") is (signed_with == known and age <= 300)


def test_while_a_secret_is_rolled_either_signature_will_do() -> None:
    header = signatures.header(BODY, (OTHER, SECRET), NOW)
    assert header.count("v1=") == 2
    for secret in (OTHER, SECRET):
        assert ours(BODY, header, secret) == "accepted"
        assert official(BODY, header, secret)
    assert ours(BODY, header, "whsec_third") == "no_match"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "malformed_header"),
        ("not a signature", "malformed_header"),
        ("v1=abc", "malformed_header"),
        ("t=,v1=abc", "malformed_header"),
        ("t=-5,v1=abc", "malformed_header"),
        ("t=1.5,v1=abc", "malformed_header"),
        ("t=１２,v1=abc", "malformed_header"),
        ("t=" + "9" * 5000 + ",v1=abc", "malformed_header"),
        (f"t={NOW}", "no_signature"),
        (f"t={NOW},v0=abc", "no_signature"),
        (f"t={NOW},v1=", "no_match"),
        (f"t={NOW},v1=é", "no_match"),
        (f"t={NOW},v1=abc", "no_match"),
        (f"t={NOW}, v1={signatures.sign(BODY, SECRET, NOW)}", "no_signature"),
    ],
)
def test_a_broken_header_is_refused_by_both(header: str, reason: str) -> None:
    assert ours(BODY, header, SECRET) == reason
    assert not official(BODY, header, SECRET)


def test_a_downgrade_to_v0_is_refused() -> None:
    header = signatures.header(BODY, SECRET, NOW, schemes=("v0",))
    assert ours(BODY, header, SECRET) == "no_signature"
    assert not official(BODY, header, SECRET)


def test_elements_without_an_equals_sign_are_passed_over() -> None:
    header = signatures.header(BODY, SECRET, NOW) + ",foo"
    assert ours(BODY, header, SECRET) == "accepted"
    assert official(BODY, header, SECRET)


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_an_empty_secret_verifies_nothing(secret: str) -> None:
    header = signatures.header(BODY, secret, NOW)
    assert ours(BODY, header, secret) == "empty_secret"
    assert not official(BODY, header, secret)


@pytest.mark.parametrize(
    ("age", "verdict"), [(0, "accepted"), (300, "accepted"), (301, "too_old"), (-3600, "accepted")]
)
def test_only_old_signatures_are_stale(age: int, verdict: str) -> None:
    assert ours(BODY, signatures.header(BODY, SECRET, NOW - age), SECRET) == verdict


@given(st.binary(min_size=1, max_size=100), st.data())
def test_one_changed_byte_is_noticed(body: bytes, data: st.DataObject) -> None:
    header = signatures.header(body, SECRET, NOW)
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    assert ours(changed, header, SECRET) == "no_match"
    assert ours(body, header, SECRET) == "accepted"


@given(st.text(max_size=200))
def test_no_header_breaks_the_reading(text: str) -> None:
    assert ours(BODY, text, SECRET) != "accepted"


def test_a_parsed_header_keeps_the_order_of_its_signatures() -> None:
    parsed = parse_header("t=5,v1=a,v0=b,v1=c")
    assert parsed.timestamp == 5
    assert parsed.of("v1") == ("a", "c")
    assert parsed.of("v0") == ("b",)
