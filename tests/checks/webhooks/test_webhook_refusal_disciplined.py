from __future__ import annotations

import pytest

from stripe_audit import Severity
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.models import Outcome
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import answered, module_of

CHECK = "webhook-refusal-disciplined"
MODULE = module_of(CHECK)
TRACE = 'Traceback (most recent call last):\n  File "/app/hooks.py", line 3, in hook'


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answered(400, '{"error": "bad_signature"}'), None),
        (answered(401), None),
        (answered(403, "<h1>Forbidden</h1>", "text/html"), None),
        (answered(422), None),
        (answered(204), None),  # whether it is believed, another check judges
        (answered(500), (Severity.MEDIUM, "A bad signature ends in a server error")),
        (answered(503, TRACE), (Severity.MEDIUM, "A bad signature is answered with a stack trace (Python)")),
        (
            answered(400, "expected whsec_mine123456"),
            (Severity.CRITICAL, "The answer to a bad signature shows a secret"),
        ),
        (answered(400, "key: mine"), (Severity.CRITICAL, "The answer to a bad signature shows a secret")),
        (None, (Severity.MEDIUM, "A bad signature is not answered")),
    ],
)
def test_what_is_wrong_with_a_refusal(answer, expected):
    assert MODULE.assess(MODULE.Seen("no signature", answer), ["mine"]) == expected


def test_what_only_pythons_comparison_trips_over_is_minor():
    assert MODULE.assess(MODULE.Seen(MODULE.NOT_ASCII, answered(500)), []) == (
        Severity.LOW,
        "A bad signature ends in a server error",
    )


class TalksLikeTheLibrary(Shop):
    """As Stripe's own samples do."""

    def refused(self, refusal: Refusal):
        if refusal.code == "bad_signature":
            refusal = Refusal(400, "x", "No signatures found matching the expected signature for payload")
        return super().refused(refusal)


def test_the_librarys_message_is_noted_once_for_each_answer_and_is_no_finding(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "talks", TalksLikeTheLibrary)
    with demo_stage(variant="talks") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert (result.outcome, result.findings) == (Outcome.PASSED, ())
    assert len(set(result.notes)) == len(result.notes) == 5
