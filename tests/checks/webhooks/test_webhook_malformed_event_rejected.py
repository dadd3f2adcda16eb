from __future__ import annotations

import pytest

from stripe_audit import Severity
from tests.checks.modules import answered, module_of

HUGE = "an unsigned body of 2 MB"
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
        (HUGE, None, "POST …: the connection was reset (exchange x1)", None),
        (HUGE, None, "POST …: no whole answer within 10 s (exchange x1)", Severity.MEDIUM),
    ],
)
def test_what_is_wrong_with_an_answer(name, answer, error, severity):
    module = module_of("webhook-malformed-event-rejected")
    assert name in (*module.SIGNED, module.UNSIGNED_AND_HUGE)
    wrong = module.assess(module.Seen(name, answer, error), ["own-secret"])
    assert (wrong and wrong[0]) is severity
