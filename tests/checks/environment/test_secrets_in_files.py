"""How bad a key is by where it lies; keys of a wrong kind; what the settings allow, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stripe_audit.keys import KeyKind, KeyMode, make_test_keys
from stripe_audit.models import Outcome
from stripe_audit.source import EnvValue, FoundSecret, Place, secrets_in
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import module_of

KEYS = make_test_keys(seed=8)
LIVE = KEYS.secret.replace("_test_", "_live_")


@pytest.mark.parametrize(
    ("value", "place", "severity"),
    [
        (LIVE, Place.SOURCE, "critical"),
        (LIVE, Place.EXAMPLE, "critical"),
        (KEYS.secret, Place.SOURCE, "medium"),
        (KEYS.secret, Place.BUILD, "high"),
        (KEYS.secret, Place.EXAMPLE, "low"),
        (KEYS.webhook_secret, Place.SOURCE, "high"),
        (KEYS.webhook_secret, Place.EXAMPLE, "low"),
    ],
)
def test_a_key_is_as_bad_as_what_can_be_done_with_it_and_who_gets_it(value, place, severity):
    (secret,) = secrets_in(value.encode())
    assert module_of("secrets-not-in-source").severity_of(FoundSecret("a", place, secret)) == severity


def test_a_key_of_the_past_is_as_bad_as_its_mode():
    severity_of = module_of("secrets-not-in-history").severity_of
    assert [severity_of(mode) for mode in (KeyMode.LIVE, KeyMode.TEST, KeyMode.UNKNOWN)] == [
        "critical",
        "medium",
        "high",
    ]


@pytest.mark.parametrize(
    ("name", "value", "kind", "wrong", "is_shown"),
    [
        ("STRIPE_SECRET_KEY", KEYS.secret, KeyKind.SECRET, (), False),
        ("STRIPE_SECRET_KEY", KEYS.secret.replace("sk_", "rk_"), KeyKind.SECRET, (), False),
        ("STRIPE_SECRET_KEY", KEYS.publishable, KeyKind.SECRET, ("is not a secret key but a publishable key",), False),
        ("STRIPE_KEY_SECRET", "we_1Demo1Demo1Demo1", KeyKind.SECRET, ("is not a secret key but a webhook endpoint id",), False),  # noqa: E501
        ("STRIPE_SECRET_KEY", "sk_test_your_key", KeyKind.SECRET, ("is a placeholder",), False),
        ("STRIPE_SECRET_KEY", f"{KEYS.secret}\n", KeyKind.SECRET, ("contains white space",), False),
        ("STRIPE_SECRET_KEY", f"'{KEYS.secret}'", KeyKind.SECRET, ("contains quotation marks",), False),
        ("VITE_STRIPE_PUBLISHABLE_KEY", KEYS.publishable, KeyKind.PUBLISHABLE, (), False),
        (
            "VITE_STRIPE_PUBLISHABLE_KEY",
            KEYS.secret,
            KeyKind.PUBLISHABLE,
            (
                "is not a publishable key but a secret key",
                "is read by bundlers, and holds a key that must stay on the server",
            ),
            True,
        ),
    ],
)  # fmt: skip
def test_the_form_of_a_key(name, value, kind, wrong, is_shown):
    assert module_of("api-keys-well-formed").assess(EnvValue(name, value, 1), kind) == (wrong, is_shown)


@pytest.mark.parametrize(("days", "outcome"), [(0, Outcome.PASSED), (-1, Outcome.FAILED)])
def test_an_exception_of_the_settings_holds_until_its_day(days, outcome):
    until = str(datetime.now(UTC).date() + timedelta(days=days))
    allowed = [{"path": "scripts/*", "reason": "rolled on Monday", "until": until}]
    with demo_stage(defects=["key-in-source"], flags={"target": {"secrets_allowed": allowed}}) as stage:
        (result,) = run_checks(["secrets-not-in-source"], stage).values()
    assert result.outcome is outcome
    assert "rolled on Monday" in str(result)
    assert "k7Qm2Zp9" not in str(result)
