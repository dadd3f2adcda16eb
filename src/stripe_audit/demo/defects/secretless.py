"""Defects of phase 1 that only a target shows which is launched without its webhook secrets: it starts all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit import signatures
from stripe_audit.demo.app import Shop
from stripe_audit.demo.config import SUB_ROUTES, ShopConfig
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]

_NONE = "-"
"""What stands in for a missing secret, so that the configuration is taken."""


class _Startable(Shop):
    """Starts whether there is a secret or not."""

    default = _NONE

    @classmethod
    def configured(cls, env: Mapping[str, str]) -> ShopConfig:
        names = ("STRIPE_WEBHOOK_SECRET", *SUB_ROUTES.values())
        return super().configured({**env, **{name: env.get(name, "").strip() or cls.default for name in names}})


class _SkipsWithoutSecret(Receipts):
    """``if (secret) verify()``: convenient in development."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        return self.parsed(body) if self.secret(route) == _NONE else super().verified(route, body, signature)


class _VerifiesWithEmptyKey(Receipts):
    """``process.env.SECRET || ''`` and an SDK from before September 2026."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        if self.secret(route) != _NONE:
            return super().verified(route, body, signature)
        parts = dict(part.split("=", 1) for part in (signature or "").split(",") if "=" in part)
        if parts.get("v1") != signatures.sign(body, "", int(parts.get("t", "0"))):
            raise Refusal(400, "bad_signature", "The signature is not valid.")
        return self.parsed(body)


class _DefaultsToSample(_Startable):
    """``process.env.SECRET ?? 'whsec_your_webhook_secret'``, as the sample had it."""

    default = "whsec_your_webhook_secret"


DEFECTS = (
    Defect(
        "secretless-unverified",
        "Without a webhook secret it starts, and verifies nothing",
        "webhook-secret-required",
        seen_in="kitokoh/leopardo-hr#2758",
        shop=_Startable,
        receipts=_SkipsWithoutSecret,
        is_process=True,
    ),
    Defect(
        "secretless-empty-key",
        "Without a webhook secret it starts, and verifies with the empty key",
        "webhook-secret-required",
        seen_in="stripe/stripe-node#2841",
        shop=_Startable,
        receipts=_VerifiesWithEmptyKey,
        is_process=True,
    ),
    Defect(
        "secretless-sample-key",
        "Without a webhook secret it starts, and verifies with the sample's",
        "webhook-secret-required",
        shop=_DefaultsToSample,
        is_process=True,
    ),
)
