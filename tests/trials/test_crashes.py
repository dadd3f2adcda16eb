from __future__ import annotations

import pytest

from stripe_audit.stripe_backend.interface import Call
from stripe_audit.trials.crashes import _kinds


def call(method: str, path: str) -> Call:
    return Call(1, 0.0, "target", method, path, {}, 200)


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("/v1/payment_intents/pi_3nhPvs93IRo9Dr9zEHEXBV9d", "/v1/payment_intents/*"),
        ("/v1/payment_intents/pi_3nhPvs93IRo9Dr9zEHEXBV9d/capture", "/v1/payment_intents/*/capture"),
        ("/v1/checkout/sessions/cs_test_a1B2c3D4e5F6", "/v1/checkout/sessions/*"),
        ("/v1/payment_intents", "/v1/payment_intents"),
        ("/v1/test_helpers/test_clocks", "/v1/test_helpers/test_clocks"),
    ],
)
def test_calls_are_told_apart_by_what_they_do_and_not_by_ids(path: str, glob: str) -> None:
    assert _kinds([call("GET", path), call("GET", path)]) == {f"Stripe GET {glob}": ("GET", glob)}


def test_reading_and_writing_are_two() -> None:
    both = [call("GET", "/v1/payment_intents/pi_1a2b3c4d5e"), call("POST", "/v1/payment_intents/pi_1a2b3c4d5e")]
    assert list(_kinds(both)) == ["Stripe GET /v1/payment_intents/*", "Stripe POST /v1/payment_intents/*"]
