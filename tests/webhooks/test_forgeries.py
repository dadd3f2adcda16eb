"""Every forgery is refused by the official SDK that knows the right secret, and what is genuine is accepted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit import signatures
from stripe_audit.keys import make_test_keys
from stripe_audit.webhooks import (
    FORGERIES,
    PLACEHOLDER_KEYS,
    TOLERANCE_S,
    Forgery,
    body_of,
    forged_header,
    genuine_header,
    signed_for_another,
)

SECRET = make_test_keys(seed=3).webhook_secret
EVENT = {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {"note": "café ☕"}}}
BODY = body_of(EVENT)
NOW = 1_790_000_000
OTHER = "whsec_aW5vdGhlcnNlY3JldGFub3RoZXI"


def construct(body: bytes, headers: Mapping[str, Any], secret: str = SECRET) -> stripe.Event:
    """What a sound handler does, with the official SDK."""
    value = headers.get("Stripe-Signature")
    joined = ", ".join(value) if isinstance(value, tuple) else value  # as servers join what comes in several lines
    return stripe.Webhook.construct_event(body, joined, secret)  # type: ignore[arg-type]


def sent(forgery: Forgery, body: bytes = BODY) -> tuple[bytes, dict[str, Any]]:
    headers = forged_header(forgery, body, SECRET, int(time.time()))
    return (body.replace(b"evt_1", b"evt_2") if forgery.alters else body), headers


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.id)
def test_the_official_sdk_refuses_every_forgery(forgery: Forgery) -> None:
    body, headers = sent(forgery)
    with pytest.raises(stripe.SignatureVerificationError):
        construct(body, headers)
    with pytest.raises(signatures.SignatureError):
        value = headers.get("Stripe-Signature", "")
        signatures.verify(body, value if isinstance(value, str) else value[0], SECRET, now=time.time())


def test_the_official_sdk_accepts_what_is_genuine() -> None:
    assert construct(BODY, genuine_header(BODY, SECRET, int(time.time()))).id == "evt_1"


@given(st.text(max_size=60).filter(lambda text: text.isprintable()))
def test_genuine_bodies_of_every_script_are_accepted(text: str) -> None:
    event = {"id": "evt_1", "object": "event", "data": {"object": {"description": text}}}
    body = body_of(event)
    got = construct(body, genuine_header(body, SECRET, int(time.time())))
    assert got.data.object["description"] == text


@pytest.mark.parametrize("forgery", [one for one in FORGERIES if one.is_replay], ids=lambda one: one.id)
def test_a_replay_is_rightly_signed_and_only_too_old(forgery: Forgery) -> None:
    body, headers = sent(forgery)
    signed_at = signatures.parse_header(headers["Stripe-Signature"]).timestamp
    assert time.time() - signed_at > TOLERANCE_S
    signatures.verify(body, headers["Stripe-Signature"], SECRET, now=signed_at)


def test_only_the_alteration_spoils_an_altered_body() -> None:
    (tampered,) = (one for one in FORGERIES if one.alters)
    body, headers = sent(tampered)
    assert construct(BODY, headers).id == "evt_1"
    assert body != BODY
    assert len(body) == len(BODY)


@pytest.mark.parametrize(
    ("name", "scheme", "key"),
    [
        ("empty-key", "v1", ""),
        ("blank-key", "v1", " "),
        ("placeholder-key", "v1", "whsec_..."),
        ("sample-key", "v1", "whsec_test"),
        ("v0-only", "v0", SECRET),
        ("tampered", "v1", SECRET),
        ("replayed", "v1", SECRET),
        ("just-expired", "v1", SECRET),
    ],
)
def test_a_forgery_is_right_but_for_the_one_thing_that_it_is_made_to_show(name: str, scheme: str, key: str) -> None:
    """A handler that lacks that one check accepts it; else it would prove nothing."""
    parsed = signatures.parse_header(value_of(name))
    assert parsed.signatures == ((scheme, signatures.sign(BODY, key, parsed.timestamp)),)
    assert (parsed.timestamp < NOW) is one_named(name).is_replay


def test_forms_of_the_header_are_wrong_in_one_thing_each() -> None:
    right = signatures.sign(BODY, SECRET, NOW)
    assert value_of("untimed") == f"v1={right}"
    assert value_of("cut-signature") == f"t={NOW},v1={right[:8]}"
    assert value_of("empty-signature") == f"t={NOW},v1="
    assert value_of("re-dated") == f"t={NOW},v1={signatures.sign(BODY, SECRET, NOW - 3600)}"
    first, second = forged_header(one_named("repeated"), BODY, SECRET, NOW)["Stripe-Signature"]
    assert first + second == 2 * f"t={NOW},v1={signatures.sign(BODY, OTHER, NOW)}"


def test_every_placeholder_is_tried_in_one_header() -> None:
    parsed = signatures.parse_header(value_of("any-placeholder"))
    assert parsed.of("v1") == tuple(signatures.sign(BODY, key, NOW) for key in PLACEHOLDER_KEYS)


def test_what_was_signed_for_another_endpoint_is_marked_as_such() -> None:
    foreign = signed_for_another("/other", OTHER)
    assert foreign.is_foreign
    assert forged_header(foreign, BODY, SECRET, NOW) == genuine_header(BODY, OTHER, NOW)


def one_named(name: str) -> Forgery:
    return next(one for one in FORGERIES if one.id == name)


def value_of(name: str) -> str:
    value = forged_header(one_named(name), BODY, SECRET, NOW)["Stripe-Signature"]
    assert isinstance(value, str)
    return value


def test_forgeries_have_ids_of_their_own_and_titles() -> None:
    assert len({one.id for one in FORGERIES}) == len(FORGERIES)
    assert all(one.title for one in FORGERIES)
