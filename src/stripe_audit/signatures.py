"""The ``Stripe-Signature`` header: made and verified with nothing but the standard library.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually": HMAC-SHA256 over ``<timestamp>.<raw body>`` with
the whole secret as the key, ``whsec_`` included.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["TOLERANCE", "SignatureError", "SignatureHeader", "header", "parse_header", "sign", "verify"]

TOLERANCE = 300
"""Seconds that a signature stays fresh: the default of the official libraries (docs.stripe.com/webhooks)."""

Reason = Literal["malformed_header", "no_signature", "empty_secret", "no_match", "too_old"]


class SignatureError(ValueError):
    """The signature does not hold. ``reason`` says which rule it broke."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class SignatureHeader:
    """A parsed header. ``timestamp`` in Unix seconds; ``signatures`` as ``(scheme, hex)`` in their order."""

    timestamp: int
    signatures: tuple[tuple[str, str], ...]

    def of(self, scheme: str) -> tuple[str, ...]:
        """The signatures of one scheme."""
        return tuple(value for name, value in self.signatures if name == scheme)


def sign(payload: bytes, secret: str, timestamp: int) -> str:
    """The ``v1`` signature, 64 hexadecimal digits."""
    message = str(timestamp).encode() + b"." + payload
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def header(payload: bytes, secrets: str | Iterable[str], timestamp: int, *, schemes: Iterable[str] = ("v1",)) -> str:
    """The header's value: one signature for each scheme and secret. Several secrets are active while one is rolled."""
    keys = (secrets,) if isinstance(secrets, str) else tuple(secrets)
    parts = [f"t={timestamp}"]
    parts += [f"{scheme}={sign(payload, key, timestamp)}" for scheme in schemes for key in keys]
    return ",".join(parts)


def parse_header(text: str) -> SignatureHeader:
    """Read a header. Elements without ``=`` are passed over. Raises SignatureError where there is no timestamp."""
    pairs = [element.split("=", 1) for element in text.split(",") if "=" in element]
    times = [value for name, value in pairs if name == "t"]
    if not times or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 18:
        raise SignatureError("malformed_header", "the header carries no timestamp")
    return SignatureHeader(int(times[0]), tuple((name, value) for name, value in pairs if name != "t"))


def verify(payload: bytes, header: str, secret: str, *, now: float, tolerance: int = TOLERANCE) -> None:
    """Return if any ``v1`` signature holds and is fresh; raise SignatureError otherwise.

    ``now`` in Unix seconds. Signatures from the future are accepted, as four of the five official libraries do.
    """
    if not secret.strip():
        raise SignatureError("empty_secret", "an empty secret verifies nothing")
    parsed = parse_header(header)
    candidates = parsed.of("v1")
    if not candidates:
        raise SignatureError("no_signature", "the header carries no v1 signature")
    expected = sign(payload, secret, parsed.timestamp).encode()
    if not any(hmac.compare_digest(expected, candidate.encode()) for candidate in candidates):
        raise SignatureError("no_match", "no v1 signature matches this payload and secret")
    if parsed.timestamp < now - tolerance:
        raise SignatureError("too_old", f"the signature is older than {tolerance} s")
