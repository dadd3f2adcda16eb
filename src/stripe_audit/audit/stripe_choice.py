"""Which Stripe a run uses, by which keys, and at which address the target finds it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace

from stripe_audit.keys import TestKeys, make_test_keys
from stripe_audit.settings import Settings
from stripe_audit.settings.model import SecretSource
from stripe_audit.stripe_backend.account import RealAccount
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

__all__ = ["address_for_target", "chosen_keys", "chosen_stripe", "secrets_in_force"]


def chosen_keys(settings: Settings, seed: int | None) -> TestKeys:
    """Keys made for the run; with a real account its own, which a launched target is given."""
    made, stripe = make_test_keys(seed), settings.model.stripe
    if stripe.mode != "test":
        return made
    secret, publishable = settings.secret(stripe.secret_key), settings.secret(stripe.publishable_key)
    return replace(made, secret=secret or "", publishable=publishable or "")


def chosen_stripe(
    settings: Settings, keys: TestKeys, seed: int | None, *, is_led: bool, is_apart: bool = False
) -> EmbeddedStripe | RealAccount | None:
    """None where the target is led to no Stripe of ours. Raises StripeError for a key that is not one of test mode."""
    stripe = settings.model.stripe
    if stripe.mode == "test":
        secret, publishable = settings.secret(stripe.secret_key), settings.secret(stripe.publishable_key)
        return RealAccount(
            secret,
            publishable,
            address=stripe.api_base,
            api_version=stripe.api_version,
            cli=shutil.which("stripe"),
        )
    if not is_led:
        return None
    return EmbeddedStripe(keys, port=stripe.port, seed=seed, api_version=stripe.api_version, is_apart=is_apart)


def secrets_in_force(
    settings: Settings, secrets: Mapping[str, str | None], stripe: EmbeddedStripe | RealAccount | None
) -> dict[str, str | None]:
    """Webhook secrets, the first that is made for the run being the one of ``stripe listen``, where that listens.

    So a launched target gets events as the official CLI signed them, as on its developers' machines.
    """
    secret = stripe.listening_secret if isinstance(stripe, RealAccount) else ""
    made = [
        webhook.name
        for webhook in settings.model.target.routes.webhook
        if isinstance(webhook.secret, SecretSource) and webhook.secret.generated and secrets[webhook.name]
    ]
    return {**secrets, **({made[0]: secret} if made and secret else {})}


def address_for_target(settings: Settings, stripe: EmbeddedStripe | RealAccount | None) -> str:
    """What ``{stripe_url}`` stands for."""
    if isinstance(stripe, RealAccount):
        return settings.model.stripe.api_base or "https://api.stripe.com"
    return stripe.address.url if stripe else ""
