"""Addresses with a client secret in them."""

from __future__ import annotations

import pytest

from stripe_audit.web.secret_urls import path_of, secret_urls_in

SECRET = "pi_3OxYzQ7mLw2KpVn_secret_a1B2c3D4e5F6g7H8i9J0"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'{{"clientSecret": "{SECRET}"}}', []),
        (f'{{"next": "/checkout?order=1&secret={SECRET}"}}', ["/checkout?order=1&secret"]),
        (f'{{"next": "https:\\/\\/shop.test\\/pay?cs={SECRET}"}}', ["https://shop.test/pay?cs"]),
        (f'{{"next": "/pay?a=1\\u0026cs={SECRET}"}}', ["/pay?a=1&cs"]),
        (f'<a href="/pay?a=1&amp;cs={SECRET}">', ["/pay?a=1&cs"]),
        (f"/pay/{SECRET}", ["/pay/pi_3OxYzQ7mLw2KpVn"]),
        (f"/pay#{SECRET}", []),  # it stays in the browser
        (f"https://hooks.stripe.com/redirect?payment_intent_client_secret={SECRET}", []),
        (f"https://stripe.com.evil.test/?payment_intent_client_secret={SECRET}", ["https://stripe.com.evil.test/?payment_intent_client_secret"]),
        (f"// see /docs: {SECRET}", []),
        ("", []),
    ],
)  # fmt: skip
def test_addresses_are_found_and_cut_before_the_secret(text, found):
    assert secret_urls_in(text) == found
    assert "a1B2c3D4" not in str(found)


def test_a_path_is_the_same_for_every_order():
    assert path_of("/pay/pi_3OxYzQ7mLw2KpVn") == "/pay/"
    assert path_of("https://shop.test/pay?a=1&cs") == "/pay"
    assert path_of("http://[") == ""


def test_a_long_hostile_text_takes_no_time():
    secret_urls_in("_secret_" + "/?" * 200_000)
    secret_urls_in("/" * 300_000 + "_secret_")
