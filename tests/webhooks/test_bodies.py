"""The same event, written in other ways: all valid, all equal, none the same bytes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.webhooks import SPELLINGS, body_of, genuine_header

SECRET = "whsec_q8Ld0vT2mZx7Yc4RnB1kWs5JhGf9PaUe"
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "data": {
        "object": {"url": "https://shop.example/a", "note": "café ☕ \u2028", "list": [1, {"b": None, "a": True}]}
    },
}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def test_stripe_writes_indented_utf8() -> None:
    assert body_of({"id": "evt_1", "a": ["é"]}) == '{\n  "id": "evt_1",\n  "a": [\n    "é"\n  ]\n}'.encode()


@pytest.mark.parametrize("name", SPELLINGS)
@given(event=st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_every_spelling_is_the_same_event(name: str, event: dict[str, Any]) -> None:
    assert json.loads(SPELLINGS[name](event)) == event
    assert json.loads(body_of(event)) == event


REWRITES: dict[str, dict[str, Any]] = {
    "Python's json.dumps": {},
    "JSON.stringify": {"separators": (",", ":"), "ensure_ascii": False},
    "JSON.stringify(…, null, 2)": {"indent": 2, "ensure_ascii": False},
    "sorted keys": {"indent": 2, "ensure_ascii": False, "sort_keys": True},
}


@pytest.mark.parametrize("options", REWRITES.values(), ids=REWRITES)
def test_a_handler_that_writes_the_body_again_is_shown_by_some_spelling(options: dict[str, Any]) -> None:
    sent = [make(EVENT) for make in SPELLINGS.values()]
    assert len({*sent, body_of(EVENT)}) == len(SPELLINGS) + 1
    assert rb"https:\/\/" in SPELLINGS["slashes and letters escaped"](EVENT)
    assert any(json.dumps(json.loads(body), **options).encode() != body for body in sent)


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_is_accepted_by_the_official_sdk(name: str) -> None:
    body = SPELLINGS[name](EVENT)
    header = genuine_header(body, SECRET, int(time.time()))["Stripe-Signature"]
    assert stripe.Webhook.construct_event(body, header, SECRET).id == "evt_1"  # type: ignore[arg-type]
