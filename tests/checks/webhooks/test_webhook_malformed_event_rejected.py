from __future__ import annotations

import pytest

from stripe_audit import Severity, webhooks
from tests.checks.modules import answered, module_of

HUGE, BOMB = "an unsigned body of 2 MB", "unsigned gzip that holds 8 MB"
TRACE = 'Traceback (most recent call last):\n  File "app.py", line 1, in hook'


@pytest.mark.parametrize(
    ("name", "answer", "error", "severity"),
    [
        ("null", answered(400), None, None),
        ("null", answered(200), None, None),  # stored first, looked at later
        ("null", answered(422, "<h1>No</h1>", "text/html"), None, None),
        ("null", answered(500), None, Severity.LOW),
        ("null", answered(500, TRACE), None, Severity.MEDIUM),
        ("null", answered(400, TRACE), None, Severity.MEDIUM),
        ("null", answered(400, "expected whsec_abcdefgh12345678"), None, Severity.CRITICAL),
        ("null", answered(400, "expected own-secret"), None, Severity.CRITICAL),
        ("null", None, "the connection was reset", Severity.MEDIUM),
        (HUGE, answered(400), None, None),
        (HUGE, answered(413), None, None),
        (HUGE, answered(200), None, Severity.MEDIUM),
        (HUGE, answered(500), None, Severity.LOW),
        (BOMB, answered(415), None, None),
        (BOMB, answered(200), None, Severity.MEDIUM),
        (BOMB, None, "POST …: the connection was reset (exchange x1)", None),
        ("an event in gzip", answered(200), None, None),
        ("an event in gzip", answered(500), None, Severity.LOW),
        ("an event as text/plain", answered(400), None, None),
        (HUGE, None, "POST …: the connection was reset (exchange x1)", None),
        (HUGE, None, "POST …: no whole answer within 10 s (exchange x1)", Severity.MEDIUM),
    ],
)
def test_what_is_wrong_with_an_answer(name, answer, error, severity):
    module = module_of("webhook-malformed-event-rejected")
    assert name in webhooks.MALFORMED
    wrong = module.assess(module.Seen(name, answer, error), ["own-secret"])
    assert (wrong and wrong[0]) is severity


def test_what_is_signed_is_signed_over_the_bytes_that_are_sent():
    for malformed in webhooks.MALFORMED.values():
        headers = malformed.sent("whsec_x", 1)
        right = webhooks.genuine_header(malformed.body, "whsec_x", 1)["Stripe-Signature"]
        assert headers.get("Stripe-Signature") == (right if malformed.is_signed else None)
        assert len(malformed.body) < 3 * 1024 * 1024
