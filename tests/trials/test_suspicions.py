"""Each suspicion is taken by an endpoint with its flaw, and by no sound one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import pytest
import stripe

from stripe_audit import signatures
from stripe_audit.trials import Known, suspicions

SECRET = "whsec_" + base64.b64encode(b"twenty four bytes of key").decode()
CLI, OTHER, KEY = "whsec_" + "0af9" * 16, "whsec_" + "o" * 32, "sk_test_" + "k" * 24
BODY = json.dumps({"id": "evt_1", "name": "Zoë", "url": "https://a/b", "a": [1]}, indent=2, ensure_ascii=False).encode()
NOW = int(time.time())
KNOWN = Known({"/other": OTHER}, {"A": CLI, "B": KEY, "C": "we_1abc", "D": "whsec_" + "z" * 32, "E": SECRET}, 1200.0)

Endpoint = Callable[[bytes, str], bool]


def verifying(secret: str, *, over: Callable[[bytes], bytes] = bytes, now: int = NOW) -> Endpoint:
    """An endpoint that verifies with a secret, over what it makes of the body, by its own clock."""

    def takes(body: bytes, header: str) -> bool:
        parsed = signatures.parse_header(header)
        is_right = signatures.sign(over(body), secret, parsed.timestamp) in parsed.of("v1")
        return is_right and abs(parsed.timestamp - now) <= 300

    return takes


def compact(body: bytes) -> bytes:
    return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()


def php(body: bytes) -> bytes:
    return json.dumps(json.loads(body), separators=(",", ":")).replace("/", "\\/").encode()


@pytest.mark.parametrize(
    ("endpoint", "cause", "told"),
    [
        (verifying(OTHER), "other-endpoint", "the secret of /other"),
        (verifying(CLI), "cli-secret", "``stripe listen``"),
        (verifying(KEY), "wrong-kind", "with B, which is a secret key"),
        (verifying("we_1abc"), "wrong-kind", "the id of an endpoint"),
        (verifying("whsec_" + "z" * 32), "other-secret", "signed with D"),
        (verifying(f"{SECRET}\n"), "white-space", "a line break after it"),
        (verifying(f'"{SECRET}"'), "white-space", "quotation marks around it"),
        (verifying(SECRET.removeprefix("whsec_")), "secret-taken-apart", "leaves out whsec_"),
        (verifying("twenty four bytes of key"), "secret-taken-apart", "from base64"),
        (verifying(""), "unset", "the empty key"),
        (verifying("undefined"), "unset", "'undefined'"),
        (verifying(SECRET, over=compact), "body-altered", "JSON.stringify"),
        (verifying(SECRET, over=php), "body-altered", "json_encode"),
        (verifying(SECRET, over=lambda body: b""), "body-altered", "it was read before"),
        (verifying(SECRET, now=NOW + 1200), "clock", "20 minutes fast"),
        (verifying(SECRET, now=NOW * 1000), "clock", "milliseconds"),
    ],
)
def test_the_first_suspicion_that_is_taken_names_the_flaw(endpoint: Endpoint, cause: str, told: str) -> None:
    assert not endpoint(BODY, signatures.header(BODY, SECRET, NOW))  # it refuses what is genuine
    found = next(one for one in suspicions(SECRET, KNOWN) if endpoint(BODY, one.sign(BODY, NOW)))
    assert (found.cause, told in found.advice) == (cause, True), found.advice


def test_a_sound_endpoint_takes_none_but_those_of_another_time() -> None:
    """Four of the five official libraries take what is signed for a later time."""
    for one in suspicions(SECRET, KNOWN):
        if one.cause != "clock":
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.WebhookSignature.verify_header(BODY.decode(), one.sign(BODY, NOW), SECRET, tolerance=300)


def test_no_secret_is_in_what_is_told() -> None:
    for one in suspicions(SECRET, KNOWN):
        assert not any(secret in f"{one.title} {one.advice} {one!r}" for secret in (SECRET, OTHER, CLI, KEY))
