from __future__ import annotations

import json
from typing import Any

import pytest

from tests.checks.modules import answered, module_of
from tests.checks.payments.samples import an_intent

CHECK = "client-secret-returned-alone"
OWN = "pi_3AbCdEfGhIjKlMnO_secret_" + "a1B2c3D4e5F6g7H8"
OTHER = "pi_3ZyXwVuTsRqPoNmL_secret_" + "z9Y8x7W6v5U4t3S2"
KEY = "sk_test_" + "51Ab0Cd0Ef0Gh0Ij0K" + "l" * 20
PUBLISHABLE = "pk_test_" + "51Ab0Cd0Ef0Gh0Ij0K" + "l" * 20
WHOLE = an_intent(
    client_secret=OWN, object="payment_intent", livemode=False, created=1, capture_method="automatic", processing=None
)


def kinds(body: Any, own: str | None = OWN) -> list[str]:
    text = body if isinstance(body, str) else json.dumps(body)
    return [wrong.kind for wrong in module_of(CHECK).assess(answered(200, text), own=own)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"clientSecret": OWN}, []),
        ({"clientSecret": OWN, "publishableKey": PUBLISHABLE, "amount": 1999, "status": "open"}, []),
        ({"client_secret": OWN, "id": "pi_3AbCdEfGhIjKlMnO", "amount": 1999, "currency": "usd"}, []),
        ({"clientSecret": OWN, "key": KEY}, ["key"]),
        ({"clientSecret": OWN, "key": KEY.replace("sk_", "rk_")}, ["key"]),
        ({"clientSecret": OWN, "hook": "whsec_" + "a1" * 16}, ["key"]),
        ({"clientSecret": OWN, "open": [OTHER]}, ["others"]),
        ({"clientSecret": OWN, "again": OWN}, []),
        (WHOLE, ["object"]),
        ({"data": {"intents": [WHOLE]}}, ["object"]),
        ({"session": {"object": "checkout.session", "livemode": False, "created": 1}}, ["object"]),
        ({"order": {"object": "order", "created": 1}}, []),
        ({"clientSecret": OWN, "key": KEY, "open": OTHER, "intent": WHOLE}, ["key", "others", "object"]),
        (f"<html>{KEY}</html>", ["key"]),
        ("<html>nothing</html>", []),
        ('"a text"', []),
    ],
)
def test_what_an_answer_may_hold(body, found):
    assert kinds(body) == found


def test_where_the_whole_object_is_is_said():
    wrong = list(module_of(CHECK).assess(answered(200, json.dumps({"data": [{}, WHOLE]})), own=None))
    assert wrong[0].detail.startswith("data[1] is Stripe's object")


def test_client_secrets_of_a_checkout_are_nobodys_to_compare():
    assert kinds({"clientSecret": OTHER}, own=None) == []
