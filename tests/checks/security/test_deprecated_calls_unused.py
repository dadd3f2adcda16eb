from __future__ import annotations

import pytest

from stripe_audit import Call
from tests.checks.modules import module_of

ENDIVE, DAHLIA = "2026-10-28.endive", "2026-03-25.dahlia"


def call(line: str, version: str | None = ENDIVE, **params) -> Call:
    method, _, path = line.partition(" ")
    return Call(1, 0.0, "target", method, path, params, 200, stripe_version=version)


TYPES = {"payment_method_types": ["card"]}


@pytest.mark.parametrize(
    ("made", "used"),
    [
        (call("POST /v1/payment_intents", amount=1), []),
        (call("GET /v1/charges/ch_1"), []),  # reading one's charges is fine
        (call("POST /v1/charges/ch_1"), []),  # as is noting something on one
        (call("POST /v1/charges"), ["the Charges API"]),
        (call("POST /v1/charges/ch_1/capture"), ["the Charges API"]),
        (call("POST /v1/sources"), ["the Sources API"]),
        (call("POST /v1/customers/cus_1/sources"), ["the Sources API"]),
        (call("POST /v1/tokens"), ["Tokens"]),
        (call("POST /v1/payment_intents", **TYPES), ["payment_method_types"]),
        (call("POST /v1/payment_intents/pi_1/confirm", **TYPES), ["payment_method_types"]),
        (call("POST /v1/payment_intents", DAHLIA, **TYPES), []),
        (call("POST /v1/payment_intents", None, **TYPES), []),
        (call("POST /v1/payment_links", **TYPES), []),  # it has kept the parameter
    ],
)
def test_what_of_the_past_a_call_uses(made, used):
    assert [one.what for one in module_of("deprecated-calls-unused").assess([made])] == used


def test_what_the_next_upgrade_will_refuse_is_noted():
    is_removed_later = module_of("deprecated-calls-unused").is_removed_later
    assert is_removed_later(call("POST /v1/checkout/sessions", DAHLIA, **TYPES))
    assert not is_removed_later(call("POST /v1/checkout/sessions", ENDIVE, **TYPES))
