"""3D Secure: when a card asks for it, what the customer has to do, and what a failed challenge leaves behind.

Source: docs.stripe.com/payments/3d-secure/authentication-flow, docs.stripe.com/testing#regulatory-cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stripe_audit.emulator.cards import Card
from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["Attempt", "check_return_url", "fail", "is_needed", "next_action", "page_of"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a confirmation was asked for."""

    return_url: str | None = None
    is_off_session: bool = False
    fails_on_action: bool = False
    uses_sdk: bool = False

    @classmethod
    def of(cls, call: Call) -> Attempt:
        params = call.params
        return cls(
            params.get("return_url"),
            bool(params.get("off_session")),
            bool(params.get("error_on_requires_action")),
            params.get("use_stripe_sdk") in (True, "true"),  # a publishable key's unknown parameters come untyped
        )


def check_return_url(params: dict[str, Any]) -> None:
    """Raise ApiError 400 for a ``return_url`` that no browser, and no app, could be sent to."""
    url = params.get("return_url")
    if url is None:
        return
    try:
        parts = urlsplit(str(url))
        is_usable = bool(parts.scheme and (parts.netloc or parts.path)) and url.isprintable() and " " not in url
    except ValueError:
        is_usable = False
    if not is_usable:
        raise invalid("Not a valid URL", "return_url", "url_invalid")


def is_needed(world: World, card: Card, intent: Obj, wanted: Attempt) -> bool:
    """Whether this card, used for this intent, makes the customer authenticate."""
    is_set_up = intent["payment_method"] in world.authenticated
    if card.challenge == "always":
        return True
    if card.challenge == "unless_set_up":
        return not (is_set_up and wanted.is_off_session)
    if card.challenge == "optional":
        return intent["payment_method_options"]["card"]["request_three_d_secure"] in ("any", "challenge")
    return card.challenge == "set_up" and not wanted.is_off_session


def page_of(world: World, intent: Obj) -> str:
    """The page on which the customer ends what the intent waits for."""
    return f"{world.url}/3ds/{intent['id']}?client_secret={intent['client_secret']}"


def next_action(world: World, intent: Obj, wanted: Attempt) -> Obj:
    """Where the customer authenticates: a page to be sent to, or what Stripe.js opens by itself."""
    page = page_of(world, intent)
    if wanted.return_url and not wanted.uses_sdk:
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": wanted.return_url, "url": page}}
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {
            "type": "three_d_secure_redirect",
            "source": f"payatt_{intent['id'].partition('_')[2]}",
            "stripe_js": page,
        },
    }


def fail(world: World, intent: Obj, method: Obj) -> None:
    """Record a failed challenge: the intent waits for another payment method."""
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    intent.update(
        status="requires_payment_method",
        last_payment_error={
            "code": "payment_intent_authentication_failure",
            "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
            "message": message,
            "payment_method": snapshot(method),
            "type": "invalid_request_error",
        },
        next_action=None,
        payment_method=None,
    )
    world.emit("payment_intent.payment_failed", intent)
