"""Signatures that a sound endpoint refuses: the truth table of docs.stripe.com/webhooks, one row for each flaw.

Sources: docs.stripe.com/webhooks (verify manually, prevent replay attacks) for the scheme; the empty-key forgeries are
the flaw that six official SDKs were patched for in September 2026 (stripe/stripe-node#2841).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stripe_audit import signatures

__all__ = [
    "FORGERIES",
    "PLACEHOLDER_KEYS",
    "TOLERANCE_S",
    "Forgery",
    "forged_header",
    "genuine_header",
    "signed_for_another",
]

TOLERANCE_S = 300
"""The default tolerance of every official SDK, in seconds."""

PLACEHOLDER_KEYS = (
    *("whsec_test", "whsec_...", "whsec_xxx", "whsec_your_webhook_secret", "whsec_your_secret_here", "whsec_secret"),
    *("whsec_test_secret", "whsec_placeholder", "whsec_", "your_webhook_secret", "your-webhook-secret", "secret"),
    *("changeme", "change_me", "test", "undefined", "null", "None", "false", "${STRIPE_WEBHOOK_SECRET}"),
)
"""What stands in samples and templates, and what an unset variable becomes when it is made a text."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """A way to sign wrongly. ``make(body, secret, now)`` gives the header's value, several for several lines, or None.

    ``is_replay`` marks the ones whose signature is right but old; with ``alters`` the body is changed after signing.
    ``is_foreign`` marks what Stripe did sign, for another endpoint.
    """

    id: str
    title: str
    make: Callable[[bytes, str, int], str | tuple[str, ...] | None]
    is_replay: bool = False
    alters: bool = False
    is_foreign: bool = False


def _signed_with(*secrets: str) -> Callable[[bytes, str, int], str]:
    return lambda body, _right, now: signatures.header(body, secrets, now)


def _old(seconds: int) -> Callable[[bytes, str, int], str]:
    return lambda body, secret, now: signatures.header(body, secret, now - seconds)


def _v1(body: bytes, secret: str, now: int) -> str:
    return f"v1={signatures.sign(body, secret, now)}"


_OTHER = "whsec_aW5vdGhlcnNlY3JldGFub3RoZXI"
_BLUNT = (
    Forgery("absent", "no Stripe-Signature header", lambda *_: None),
    Forgery("garbage", "a header that is no signature", lambda *_: "not a signature"),
    Forgery("wrong-secret", "signed with another secret", _signed_with(_OTHER)),
)
_KEYS = (
    Forgery("empty-key", "signed with the empty key", _signed_with("")),
    Forgery("blank-key", "signed with a blank", _signed_with(" ")),
    Forgery("placeholder-key", "signed with a well-known placeholder", _signed_with("whsec_...")),
    Forgery("sample-key", "signed with the key of many samples", _signed_with("whsec_test")),
    Forgery("any-placeholder", "signed with each of the well-known placeholders", _signed_with(*PLACEHOLDER_KEYS)),
)
_FORMS = (
    Forgery("v0-only", "only a v0 signature", lambda b, s, now: signatures.header(b, s, now, schemes=("v0",))),
    Forgery("empty-signature", "a v1 signature of no digits", lambda _b, _s, now: f"t={now},v1="),
    Forgery("cut-signature", "the first 8 digits of the right signature", lambda b, s, t: f"t={t},{_v1(b, s, t)[:11]}"),
    Forgery("untimed", "a right signature without its time", _v1),
    Forgery("repeated", "two headers, each wrong", lambda b, _s, t: (signatures.header(b, _OTHER, t),) * 2),
    Forgery("tampered", "one byte of the body changed after signing", signatures.header, alters=True),
    Forgery("re-dated", "the time changed after signing", lambda b, s, now: f"t={now},{_v1(b, s, now - 3600)}"),
)
_AGES = (
    Forgery("replayed", "an hour old, rightly signed", _old(3600), is_replay=True),
    Forgery("just-expired", "a minute past the tolerance, rightly signed", _old(TOLERANCE_S + 60), is_replay=True),
)
FORGERIES: tuple[Forgery, ...] = (*_BLUNT, *_KEYS, *_FORMS, *_AGES)


def signed_for_another(path: str, secret: str) -> Forgery:
    """What Stripe signed for the endpoint at ``path``, with that one's secret."""
    return Forgery("other-endpoint", f"signed with the secret of {path}", _signed_with(secret), is_foreign=True)


def forged_header(forgery: Forgery, body: bytes, secret: str, now: int) -> dict[str, str | tuple[str, ...]]:
    """The header to send, empty where the forgery sends none. ``now`` is Unix seconds."""
    value = forgery.make(body, secret, now)
    return {} if value is None else {"Stripe-Signature": value}


def genuine_header(body: bytes, secret: str, now: int) -> dict[str, str]:
    """What Stripe would send."""
    return {"Stripe-Signature": signatures.header(body, secret, now)}
