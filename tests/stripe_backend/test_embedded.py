"""Starting and stopping the embedded Stripe, and talking to it from outside an event loop."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import closing

import pytest

from stripe_audit.errors import StripeError
from stripe_audit.keys import TestKeys, make_test_keys
from stripe_audit.stripe_backend.embedded import EmbeddedStripe


def call(stripe: EmbeddedStripe, key: str) -> int:
    request = urllib.request.Request(stripe.address.url + "/v1/customers", headers={"Authorization": f"Bearer {key}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_it_listens_on_the_loopback_with_the_run_s_keys(embedded: EmbeddedStripe, keys: TestKeys) -> None:
    address = embedded.address
    assert address.url.startswith("http://127.0.0.1:")
    assert (address.audit_key, address.publishable_key) == (keys.audit_secret, keys.publishable)
    assert address.api_version
    assert len(address.control_token) >= 20


def test_the_target_s_calls_are_told_from_the_audit_s(embedded: EmbeddedStripe, keys: TestKeys) -> None:
    assert embedded.target_calls() == 0
    assert call(embedded, keys.audit_secret) == 200
    assert embedded.target_calls() == 0
    assert call(embedded, keys.secret) == 200
    assert embedded.target_calls() == 1


def test_a_live_key_is_refused_and_counted_and_not_a_call(embedded: EmbeddedStripe) -> None:
    before = embedded.live_keys_refused()
    assert call(embedded, "sk_live_" + "a" * 40) == 401
    assert embedded.live_keys_refused() == before + 1
    assert embedded.target_calls() == 0


def test_the_api_version_can_be_chosen() -> None:
    stripe = EmbeddedStripe(make_test_keys(seed=1), api_version="2026-08-26.dahlia")
    stripe.start()
    try:
        assert stripe.address.api_version == "2026-08-26.dahlia"
    finally:
        stripe.stop()


def test_a_port_in_use_is_told_with_the_setting() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stripe = EmbeddedStripe(make_test_keys(seed=1), port=taken.getsockname()[1])
        with pytest.raises(StripeError, match="cannot listen") as caught:
            stripe.start()
    assert "stripe.port" in str(caught.value.hint)
    assert caught.value.exit_code == 3


def test_a_refusal_of_the_control_api_is_an_error_in_words(embedded: EmbeddedStripe) -> None:
    with pytest.raises(StripeError, match="answered 404 to GET nothing/like/it"):
        embedded.control("GET", "nothing/like/it")
    with pytest.raises(StripeError, match="answered 4"):
        embedded.register("not an address", "whsec_x", [])


def test_what_was_stopped_does_not_answer() -> None:
    stripe = EmbeddedStripe(make_test_keys(seed=1))
    stripe.start()
    stripe.stop()
    with pytest.raises(StripeError, match="does not answer"):
        stripe.control("GET", "health")


def test_proxies_of_the_environment_are_not_asked(embedded: EmbeddedStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert embedded.target_calls() == 0
