"""What a key says about itself: every shape, what is wrong with a value, and nothing of it in what is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit import keys
from stripe_audit.keys import KeyKind, KeyMode, StripeKey, make_test_keys, mask, parse_key, problems

TAIL = "Hqmw9EnylLNWUqjAbCdEfGhJkMnPq"
MODERN = f"51{TAIL[:15]}{TAIL}0042"

SHAPES = [
    ("sk_test_" + MODERN, KeyKind.SECRET, KeyMode.TEST, TAIL[:15]),
    ("sk_live_" + MODERN, KeyKind.SECRET, KeyMode.LIVE, TAIL[:15]),
    ("pk_test_" + MODERN, KeyKind.PUBLISHABLE, KeyMode.TEST, TAIL[:15]),
    ("pk_live_" + MODERN, KeyKind.PUBLISHABLE, KeyMode.LIVE, TAIL[:15]),
    ("rk_test_" + MODERN, KeyKind.RESTRICTED, KeyMode.TEST, TAIL[:15]),
    ("rk_live_" + MODERN, KeyKind.RESTRICTED, KeyMode.LIVE, TAIL[:15]),
    ("sk_test_BQokikJOvBiI2HlWgH4olfQ2", KeyKind.SECRET, KeyMode.TEST, None),
    ("pk_live_BQokikJOvBiI2HlWgH4olfQ2", KeyKind.PUBLISHABLE, KeyMode.LIVE, None),
    ("ek_test_YWNjdF8xSHFtdzlFbnlsTE5XVXFq", KeyKind.EPHEMERAL, KeyMode.TEST, None),
    ("ek_live_YWNjdF8xSHFtdzlFbnlsTE5XVXFq", KeyKind.EPHEMERAL, KeyMode.LIVE, None),
    ("sk_org_live_abc", KeyKind.ORGANISATION, KeyMode.LIVE, None),
    ("sk_org_test_abc", KeyKind.ORGANISATION, KeyMode.TEST, None),
    ("sk_org_abc", KeyKind.ORGANISATION, KeyMode.UNKNOWN, None),
    ("whsec_abcdefghijklmnopqrstuvwxyz123456", KeyKind.WEBHOOK_SECRET, KeyMode.UNKNOWN, None),
    ("absec_abcdefghijklmnopqrstuvwxyz123456", KeyKind.APP_SIGNING_SECRET, KeyMode.UNKNOWN, None),
    ("ca_HbLxpXsvkVVqVvTJqJq", KeyKind.CONNECT_CLIENT, KeyMode.UNKNOWN, None),
    ("we_1PabcdEnylLNWUqj", KeyKind.ENDPOINT_ID, KeyMode.UNKNOWN, None),
    ("acct_1Hqmw9EnylLNWUqj", KeyKind.ACCOUNT_ID, KeyMode.UNKNOWN, None),
    ("pi_3Pabc_secret_def", KeyKind.CLIENT_SECRET, KeyMode.UNKNOWN, None),
    ("seti_1Pabc_secret_def", KeyKind.CLIENT_SECRET, KeyMode.UNKNOWN, None),
    ("cs_test_a1b2_secret_fid", KeyKind.CLIENT_SECRET, KeyMode.UNKNOWN, None),
    ("", KeyKind.UNKNOWN, KeyMode.UNKNOWN, None),
    ("sk_", KeyKind.UNKNOWN, KeyMode.UNKNOWN, None),
    ("sk_prod_abc", KeyKind.UNKNOWN, KeyMode.UNKNOWN, None),
    ("SK_TEST_abc", KeyKind.UNKNOWN, KeyMode.UNKNOWN, None),
    ("hunter2", KeyKind.UNKNOWN, KeyMode.UNKNOWN, None),
    ("https://sk_test_x", KeyKind.UNKNOWN, KeyMode.UNKNOWN, None),
]


@pytest.mark.parametrize(("text", "kind", "mode", "account"), SHAPES)
def test_every_shape_is_known(text: str, kind: KeyKind, mode: KeyMode, account: str | None) -> None:
    assert parse_key(text) == StripeKey(kind, mode, account)
    assert parse_key(f"  '{text}' \n") == StripeKey(kind, mode, account)
    assert parse_key(f'"{text}"') == StripeKey(kind, mode, account)


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    parse_key(text)
    mask(text)
    for kind in (KeyKind.SECRET, KeyKind.WEBHOOK_SECRET, KeyKind.PUBLISHABLE):
        problems(text, kind)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sk_test_" + MODERN, KeyKind.SECRET),
        ("sk_live_BQokikJOvBiI2HlWgH4olfQ2", KeyKind.SECRET),
        ("rk_test_" + MODERN, KeyKind.SECRET),
        ("pk_test_" + MODERN, KeyKind.PUBLISHABLE),
        ("whsec_" + "q8Ld0vT2mZx7Yc4RnB1kWs5JhGf9PaUe", KeyKind.WEBHOOK_SECRET),
        (
            "whsec_" + "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
            KeyKind.WEBHOOK_SECRET,
        ),  # the Stripe CLI's: 64 hexadecimal digits
        ("sk_test_51" + "yourAbCdEfGhIjKlMnOpQrStUvWx09", KeyKind.SECRET),  # random enough to hold a word by chance
    ],
)
def test_a_good_value_has_no_problem(text: str, expected: KeyKind) -> None:
    assert problems(text, expected) == ()


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("", KeyKind.SECRET, "is empty"),
        (" \n", KeyKind.SECRET, "is empty"),
        ("sk_test_" + MODERN + "\n", KeyKind.SECRET, "contains white space"),
        ("sk_test_" + MODERN[:20] + " " + MODERN[20:], KeyKind.SECRET, "contains white space"),
        (f'"sk_test_{MODERN}"', KeyKind.SECRET, "contains quotation marks"),
        ("pk_test_" + MODERN, KeyKind.SECRET, "is not a secret key but a publishable key"),
        ("sk_test_" + MODERN, KeyKind.PUBLISHABLE, "is not a publishable key but a secret key"),
        ("we_1PabcdEnylLNWUqjAb", KeyKind.WEBHOOK_SECRET, "but a webhook endpoint id"),
        ("sk_test_" + MODERN, KeyKind.WEBHOOK_SECRET, "is not a webhook signing secret but a secret key"),
        ("whsec_" + "q8Ld0vT2mZx7Yc4RnB1kWs5JhGf9PaUe", KeyKind.SECRET, "but a webhook signing secret"),
        ("acct_1Hqmw9EnylLNWUqj", KeyKind.SECRET, "but a account id"),
        ("hunter2hunter2hunter2hunter2", KeyKind.SECRET, "is not a secret key"),
        ("sk_test_abc", KeyKind.SECRET, "is too short"),
        ("whsec_abc", KeyKind.WEBHOOK_SECRET, "is too short"),
        ("sk_test_...", KeyKind.SECRET, "is a placeholder"),
        ("sk_test_…", KeyKind.SECRET, "is a placeholder"),
        ("sk_test_your_key_here", KeyKind.SECRET, "is a placeholder"),
        ("sk_test_xxxxxxxxxxxxxxxxxxxxxxxx", KeyKind.SECRET, "is a placeholder"),
        ("<your key>", KeyKind.SECRET, "is a placeholder"),
        ("${STRIPE_SECRET_KEY}", KeyKind.SECRET, "is a placeholder"),
        ("{{ stripe_key }}", KeyKind.SECRET, "is a placeholder"),
        ("whsec_change_me", KeyKind.WEBHOOK_SECRET, "is a placeholder"),
        ("whsec_1234567890", KeyKind.WEBHOOK_SECRET, "is a placeholder"),
    ],
)
def test_what_is_wrong_is_said_and_the_value_is_not(text: str, expected: KeyKind, found: str) -> None:
    told = problems(text, expected)
    assert any(found in one for one in told), told
    assert not any(text.strip() and text.strip() in one for one in told)


@given(st.text(alphabet=keys.BASE62, min_size=24, max_size=60), st.sampled_from(list(KeyKind)))
def test_a_secret_is_never_in_its_own_complaint(body: str, expected: KeyKind) -> None:
    for prefix in ("sk_test_", "sk_live_", "whsec_", "pk_test_", ""):
        assert not any(body in one for one in problems(prefix + body, expected))
        assert not any(body in one for one in problems(f'"{prefix}{body}" ', expected))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sk_test_51Hqmw9EnylLNWUqj4f2a", "sk_test_…4f2a"),
        ("pk_live_51Hqmw9EnylLNWUqj4f2a", "pk_live_…4f2a"),
        ("whsec_51Hqmw9EnylLNWUqj4f2a", "whsec_…4f2a"),
        ("sk_org_live_51Hqmw9EnylLNWUqj4f2a", "sk_org_live_…4f2a"),
        ("sk_test_short", "sk_test_…"),
        ("hunter2", "…"),
        ("", "…"),
    ],
)
def test_a_masked_key_can_be_told_but_not_used(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_made_keys_have_the_shape_of_real_ones_and_one_account() -> None:
    made = make_test_keys(seed=7)
    account = made.account.removeprefix("acct_1")
    for text, kind in (
        (made.secret, KeyKind.SECRET),
        (made.audit_secret, KeyKind.SECRET),
        (made.publishable, KeyKind.PUBLISHABLE),
    ):
        assert parse_key(text) == StripeKey(kind, KeyMode.TEST, account)
        assert problems(text, kind) == ()
        assert len(text) == 107
    assert problems(made.webhook_secret, KeyKind.WEBHOOK_SECRET) == ()
    assert made.secret != made.audit_secret


def test_a_seed_gives_the_same_keys_and_none_gives_new_ones() -> None:
    assert make_test_keys(seed=1) == make_test_keys(seed=1)
    assert make_test_keys(seed=1) != make_test_keys(seed=2)
    assert make_test_keys() != make_test_keys()


@pytest.mark.parametrize("seed", range(50))
def test_no_made_key_is_taken_for_a_placeholder(seed: int) -> None:
    made = make_test_keys(seed)
    assert problems(made.secret, KeyKind.SECRET) == ()
    assert problems(made.publishable, KeyKind.PUBLISHABLE) == ()
    assert problems(made.webhook_secret, KeyKind.WEBHOOK_SECRET) == ()
