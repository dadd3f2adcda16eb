from __future__ import annotations

import pytest

from tests.checks.errors.modules import answered, module_of

TRACE = 'Traceback (most recent call last):\n  File "/app/shop.py", line 3, in pay\nValueError'


@pytest.mark.parametrize(
    ("answer", "severity", "title"),
    [
        (answered(400, '{"error": "invalid_json"}'), None, ""),
        (answered(404, "<h1>Nothing here</h1>"), None, ""),
        (answered(401), None, ""),
        (answered(200, "<html>the app</html>"), None, ""),
        (answered(500, "{}"), "medium", "A body that is no JSON ends in a 500"),
        (answered(400, TRACE), "medium", "A body that is no JSON is answered with a trace"),
        (answered(200, TRACE), "medium", "A body that is no JSON is answered with a trace"),
        (
            answered(500, "key sk_test_51Abcdefghijklmno"),
            "critical",
            "A body that is no JSON is answered with a secret",
        ),
        (answered(400, "x" * 70_000), "low", "A body that is no JSON gets an answer without bounds"),
        (answered(400, "x", truncated=True), "low", "A body that is no JSON gets an answer without bounds"),
        (answered(200, "x" * 70_000), None, ""),
        (None, "medium", "A body that is no JSON gets no answer"),
    ],
)
def test_an_answer_to_a_mistake_is_judged(answer, severity, title):
    check = module_of("errors-structured")
    wrong = check.assess(check.Mistake("bad-json", "a body that is no JSON", "create_payment /pay", answer, "reset"))
    assert (wrong and wrong[:2]) == ((severity, title) if severity else None)
