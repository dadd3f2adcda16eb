"""Every forgery is refused by the official SDK that knows the right secret, and what is genuine is accepted."""

from __future__ import annotations

import time

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit import signatures
from stripe_audit.keys import make_test_keys
from stripe_audit.webhooks import FORGERIES, TOLERANCE_S, Forgery, body_of, forged_header, genuine_header

SECRET = make_test_keys(seed=3).webhook_secret
EVENT = {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {"note": "café ☕"}}}
BODY = body_of(EVENT)


def construct(body: bytes, headers: dict[str, str], secret: str = SECRET) -> stripe.Event:
    """What a sound handler does, with the official SDK."""
    return stripe.Webhook.construct_event(body, headers.get("Stripe-Signature"), secret)  # type: ignore[arg-type]


def sent(forgery: Forgery, body: bytes = BODY) -> tuple[bytes, dict[str, str]]:
    headers = forged_header(forgery, body, SECRET, int(time.time()))
    return (body.replace(b"evt_1", b"evt_2") if forgery.alters else body), headers


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.id)
def test_the_official_sdk_refuses_every_forgery(forgery: Forgery) -> None:
    body, headers = sent(forgery)
    with pytest.raises(stripe.SignatureVerificationError):
        construct(body, headers)
    with pytest.raises(signatures.SignatureError):
        signatures.verify(body, headers.get("Stripe-Signature", ""), SECRET, now=time.time())


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
        ("placeholder-key", "v1", "whsec_..."),
        ("v0-only", "v0", SECRET),
        ("tampered", "v1", SECRET),
        ("replayed", "v1", SECRET),
        ("just-expired", "v1", SECRET),
    ],
)
def test_a_forgery_is_right_but_for_the_one_thing_that_it_is_made_to_show(name: str, scheme: str, key: str) -> None:
    """A handler that lacks that one check accepts it; else it would prove nothing."""
    (forgery,) = (one for one in FORGERIES if one.id == name)
    parsed = signatures.parse_header(forged_header(forgery, BODY, SECRET, 1_790_000_000)["Stripe-Signature"])
    assert parsed.signatures == ((scheme, signatures.sign(BODY, key, parsed.timestamp)),)
    assert (parsed.timestamp < 1_790_000_000) is forgery.is_replay


def test_forgeries_have_ids_of_their_own_and_titles() -> None:
    assert len({one.id for one in FORGERIES}) == len(FORGERIES)
    assert all(one.title for one in FORGERIES)
