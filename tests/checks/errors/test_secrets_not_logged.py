from __future__ import annotations

import pytest

from stripe_audit.redaction import Redactor
from tests.checks.errors.modules import module_of

KEY = "sk_test_51" + "Abcdefghijklmno" * 2
HOOK = "whsec_" + "QWxhZGRpbjpvcGVuIHNlc2FtZQ"
CLIENT = "pi_3Abcdefghijklmnop_secret_" + "Zyxwvutsrqponmlk"


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (f'{{"key": "{KEY}"}}', {"a secret key"}),
        (f"Authorization: Bearer {KEY}", {"a secret key", "an Authorization header"}),
        (f"secret={HOOK}", {"a webhook signing secret"}),
        (f'{{"clientSecret": "{CLIENT}"}}', {"a client secret"}),
        ('"authorization": "Basic dXNlcjpwYXNzd29yZDEyMw=="', {"an Authorization header"}),
        ("card 4242 4242 4242 4242", {"a card number"}),
        ("postgres://shop:hunter2secret@127.0.0.1/shop", {"a password in a URL"}),
        ("payment pi_3Abcdefghijklmnop of order 17 for pk_test_51Abcdefghijklmno", set()),
        ("Basic information about the Bearer of bad news", set()),
        ("key sk_test_…mno1, secret whsec_…YZQ1, pi_3Abc_secret_…, Bearer …", set()),
        (f"key sk_test_…mno1 and {KEY}", {"a secret key"}),
    ],
)
def test_secrets_are_told_by_kind_and_what_is_masked_already_is_none(line, kinds):
    assert module_of("secrets-not-logged").kinds_in(line, Redactor([KEY, HOOK]).redact) == kinds
