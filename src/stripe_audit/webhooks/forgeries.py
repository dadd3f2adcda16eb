"""Signatures that a sound endpoint refuses, and one that it must accept.

Sources: docs.stripe.com/webhooks (verify manually, prevent replay attacks) for the scheme; the empty-key forgeries are
the flaw that all official SDKs were patched for in September 2026 (stripe/stripe-node#2841).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stripe_audit import signatures

__all__ = ["FORGERIES", "Forgery", "forged_header", "genuine_header"]

TOLERANCE_S = 300
"""The default tolerance of every official SDK, in seconds."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """A way to sign wrongly. ``make(body, secret, now)`` gives the header's value, or None for no header at all.

    ``is_replay`` marks the ones whose signature is right but old; with ``alters`` the body is changed after signing.
    """

    id: str
    title: str
    make: Callable[[bytes, str, int], str | None]
    is_replay: bool = False
    alters: bool = False


def _signed_with(secret: str) -> Callable[[bytes, str, int], str]:
    return lambda body, _right, now: signatures.header(body, secret, now)


def _old(seconds: int) -> Callable[[bytes, str, int], str]:
    return lambda body, secret, now: signatures.header(body, secret, now - seconds)


FORGERIES: tuple[Forgery, ...] = (
    Forgery("absent", "no Stripe-Signature header", lambda *_: None),
    Forgery("garbage", "a header that is no signature", lambda *_: "not a signature"),
    Forgery("wrong-secret", "signed with another secret", _signed_with("whsec_aW5vdGhlcnNlY3JldGFub3RoZXI")),
    Forgery("empty-key", "signed with the empty key", _signed_with("")),
    Forgery("placeholder-key", "signed with a well-known placeholder", _signed_with("whsec_...")),
    Forgery("v0-only", "only a v0 signature", lambda b, s, now: signatures.header(b, s, now, schemes=("v0",))),
    Forgery("tampered", "one byte of the body changed after signing", signatures.header, alters=True),
    Forgery("replayed", "an hour old, rightly signed", _old(3600), is_replay=True),
    Forgery("just-expired", "a minute past the tolerance, rightly signed", _old(TOLERANCE_S + 60), is_replay=True),
)


def forged_header(forgery: Forgery, body: bytes, secret: str, now: int) -> dict[str, str]:
    """The header to send, empty where the forgery sends none. ``now`` is Unix seconds."""
    value = forgery.make(body, secret, now)
    return {} if value is None else {"Stripe-Signature": value}


def genuine_header(body: bytes, secret: str, now: int) -> dict[str, str]:
    """What Stripe would send."""
    return {"Stripe-Signature": signatures.header(body, secret, now)}
