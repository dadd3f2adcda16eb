from __future__ import annotations

import pytest

from stripe_audit.trials import HealthSeen
from stripe_audit.trials.healths import said_in
from tests.checks.errors.modules import answered, module_of


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (HealthSeen("stripe", {}, {}, True, True), None),
        (HealthSeen("stripe", {}, {}, False, True), ("low", "The health routes do not notice that Stripe is gone")),
        (
            HealthSeen("database", {}, {}, False, True),
            ("medium", "The health routes do not notice that the database is gone"),
        ),
        (
            HealthSeen("database", {}, {}, True, False),
            ("medium", "The health routes do not notice that the database is back"),
        ),
    ],
)
def test_what_the_health_routes_said_is_judged(seen, found):
    wrong = module_of("health-shows-trouble").assess(seen)
    assert (wrong and (str(wrong[0]), wrong[1])) == found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"status": "ok", "uptime": 17.5, "db": true}', {"status": "200", ".status": "ok", ".db": "True"}),
        ('{"parts": [{"name": "stripe", "ok": false}]}', {".parts[0].name": "stripe", ".parts[0].ok": "False"}),
        ('"ok"', {"": "ok"}),
        ("OK", {"body": "OK"}),
        ("[" * 100_000, {"status": "200"}),
    ],
)
def test_words_are_told_from_what_counts(body, words):
    """A number that grows by itself is no sign of trouble."""
    assert {"status": "200", **words}.items() <= said_in(answered(200, body)).items()
    assert "uptime" not in str(said_in(answered(200, body)))
