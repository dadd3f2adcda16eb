"""Defects of phase 2: genuine webhook events are refused, by what they are verified with or over.

Those that refuse all events concern one sub-route, so that the other endpoints go on.
"""

from __future__ import annotations

import time
from typing import Any

from stripe_audit import signatures
from stripe_audit.demo.defects.consequences import WITH_A_CONTROL
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import TOLERANCE_S, Receipts

__all__ = ["DEFECTS"]

_CLI_SECRET = "whsec_" + "5f0c9a7d3be81264" * 4
_REFUSED = "payment-failed"
"""The sub-route that refuses genuine events."""


class _ApiKeyForSecret(Receipts):
    def secret(self, route: str) -> str:
        return self.orders.config.secret_key if route == _REFUSED else super().secret(route)


class _CliSecret(Receipts):
    def secret(self, route: str) -> str:
        return _CLI_SECRET if route == _REFUSED else super().secret(route)


class _SecretWithLineBreak(Receipts):
    def secret(self, route: str) -> str:
        return super().secret(route) + ("\n" if route == _REFUSED else "")


class _ClockFast(Receipts):
    """A container whose clock is twenty minutes fast: what comes from Stripe counts as old."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        event = super().verified(route, body, signature)
        if route == _REFUSED and _time_of(signature) < time.time() + 1200 - TOLERANCE_S:
            raise Refusal(400, "bad_signature", "The signature is too old.")
        return event


def _time_of(signature: str | None) -> int:
    return signatures.parse_header(signature or "").timestamp


class _FirstOnly(Receipts):
    """Its own verification: only the first ``v1`` of the header counts."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        first: dict[str, str] = {}
        for part in (signature or "").split(","):
            name, _, value = part.partition("=")
            first.setdefault(name, value)
        return super().verified(route, body, ",".join(f"{name}={value}" for name, value in first.items()))


class _LastOnly(Receipts):
    """Its own verification: the header becomes a dictionary, so that the last ``v1`` counts."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        parts = dict(part.split("=", 1) for part in (signature or "").split(",") if "=" in part)
        return super().verified(route, body, ",".join(f"{name}={value}" for name, value in parts.items()))


class _Latin1(Receipts):
    """The body is decoded with the platform's encoding before it is verified."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        return super().verified(route, body.decode("utf-8", "replace").encode("latin-1", "replace"), signature)


class _Trimmed(Receipts):
    """Middleware trims strings, the body among them."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        return super().verified(route, body.strip(), signature)


_REFUSING = ("webhook-raw-body-preserved", "events-triggered", *WITH_A_CONTROL)

DEFECTS = (
    Defect(
        "secret-is-api-key",
        "One webhook route verifies with the secret API key",
        "webhook-genuine-event-accepted",
        also=_REFUSING,
        seen_in="vercel/nextjs-subscription-payments#293",
        receipts=_ApiKeyForSecret,
    ),
    Defect(
        "secret-of-stripe-listen",
        "One webhook route verifies with the secret that stripe listen printed",
        "webhook-genuine-event-accepted",
        also=_REFUSING,
        receipts=_CliSecret,
        env={"STRIPE_WEBHOOK_SECRET_PAYMENT_FAILED": _CLI_SECRET},
    ),
    Defect(
        "secret-with-line-break",
        "One webhook route's secret ends with a line break",
        "webhook-genuine-event-accepted",
        also=_REFUSING,
        receipts=_SecretWithLineBreak,
    ),
    Defect(
        "clock-fast-at-one-route",
        "One webhook route runs in a container whose clock is twenty minutes fast",
        "webhook-genuine-event-accepted",
        also=_REFUSING,
        receipts=_ClockFast,
    ),
    Defect(
        "first-signature-only",
        "Of several v1 signatures only the first counts",
        "webhook-rolled-secret-accepted",
        receipts=_FirstOnly,
    ),
    Defect(
        "last-signature-only",
        "Of several v1 signatures only the last counts",
        "webhook-rolled-secret-accepted",
        receipts=_LastOnly,
    ),
    Defect(
        "body-decoded-as-latin",
        "The body is decoded as Latin-1, so that events with other letters are refused",
        "webhook-raw-body-preserved",
        seen_in="stripe/stripe-node#1254",
        receipts=_Latin1,
    ),
    Defect(
        "body-trimmed",
        "The body is trimmed before it is verified",
        "webhook-raw-body-preserved",
        also=("webhook-signature-verified",),
        receipts=_Trimmed,
    ),
)
