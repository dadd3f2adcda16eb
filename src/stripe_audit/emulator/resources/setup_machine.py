"""How a SetupIntent moves from state to state, with its attempts and the webhook events of each move.

Source: docs.stripe.com/payments/setupintents/lifecycle.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.cards import Card, Decline
from stripe_audit.emulator.errors import ApiError, card_error
from stripe_audit.emulator.resources.challenge import Attempt
from stripe_audit.emulator.resources.local_methods import mandates
from stripe_audit.emulator.resources.local_methods.machine import action_for, needs_customer
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["CONFIRMABLE", "authenticate", "confirm", "unexpected"]

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_NOT_AUTHENTICATED = "We are unable to authenticate your payment method. Please choose a different payment method."


def authenticate(world: World, intent: Obj, *, succeeds: bool) -> Obj:
    """The customer passes or fails the 3DS challenge. Raises ApiError 400 if no challenge is open."""
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticated")
    method = world.store.by_id[intent["payment_method"]]
    if succeeds:
        world.authenticated.add(method["id"])
        _succeed(world, None, intent, method)
    else:
        error = {
            "code": "setup_intent_authentication_failure",
            "doc_url": "https://stripe.com/docs/error-codes/setup-intent-authentication-failure",
            "message": _NOT_AUTHENTICATED,
            "payment_method": snapshot(method),
            "type": "invalid_request_error",
        }
        _fail(world, None, intent, method, error)
    return intent


def confirm(call: Call, intent: Obj) -> None:
    """Try to set the payment method up. Raises ApiError 402 if the card refuses."""
    world = call.world
    method, card = world.store.by_id[intent["payment_method"]], world.cards[intent["payment_method"]]
    intent["last_setup_error"] = None
    if _is_challenged(card, intent) or needs_customer(world, method, Attempt.of(call)):
        intent["status"] = "requires_action"
        intent["next_action"] = action_for(world, intent, method, Attempt.of(call))
        _attempt(world, intent, method, "requires_action")
        world.emit("setup_intent.requires_action", intent, call)
    elif card.decline is not None and not card.is_attachable:
        _refuse(call, intent, method, card.decline)
    else:
        _succeed(world, call, intent, method)


def _is_challenged(card: Card, intent: Obj) -> bool:
    asked = intent["payment_method_options"]["card"]["request_three_d_secure"]
    is_asked = card.challenge == "optional" and asked in ("any", "challenge")
    return is_asked or card.challenge in ("always", "unless_set_up")


def _succeed(world: World, call: Call | None, intent: Obj, method: Obj) -> None:
    intent.update(status="succeeded", next_action=None, last_setup_error=None)
    _attempt(world, intent, method, "succeeded")
    world.authenticated.add(method["id"])
    world.checkout.verified.add(method["id"])
    mandate = mandates.give(world, method, intent, call.params.get("mandate_data") if call else None)
    intent["mandate"] = mandate["id"] if mandate else None
    if intent["customer"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        world.emit("payment_method.attached", method, call)
    world.emit("setup_intent.succeeded", intent, call)


def _refuse(call: Call, intent: Obj, method: Obj, decline: Decline) -> None:
    error = {
        "code": decline.code,
        **({"decline_code": decline.decline_code} if decline.decline_code else {}),
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": snapshot(method),
        "type": "card_error",
    }
    _fail(call.world, call, intent, method, error)
    raise card_error(
        decline.message,
        code=decline.code,
        decline_code=decline.decline_code,
        payment_method=snapshot(method),
        setup_intent=snapshot(intent),
    )


def _fail(world: World, call: Call | None, intent: Obj, method: Obj, error: dict[str, Any]) -> None:
    attempt = _attempt(world, intent, method, "failed")
    attempt["setup_error"] = error
    intent.update(status="requires_payment_method", last_setup_error=error, next_action=None, payment_method=None)
    world.emit("setup_intent.setup_failed", intent, call)


def _attempt(world: World, intent: Obj, method: Obj, status: str) -> Obj:
    """The intent's latest attempt, now in this status; an open one ends, else a new one begins."""
    known = world.store.get("setup_attempt", intent["latest_attempt"] or "")
    if known is not None and known["status"] == "requires_action":
        known["status"] = status
        return known
    attempt = blank(
        "setup_attempt",
        id=world.ids.new("setatt"),
        object="setup_attempt",
        created=world.clock.seconds(),
        customer=intent["customer"],
        livemode=False,
        payment_method=method["id"],
        payment_method_details=_details(method["type"]),
        setup_intent=intent["id"],
        status=status,
        usage=intent["usage"],
    )
    world.store.add(attempt, owner=intent["id"])
    intent["latest_attempt"] = attempt["id"]
    return attempt


def _details(kind: str) -> dict[str, Any]:
    return {kind: {"three_d_secure": None} if kind == "card" else {}, "type": kind}


def unexpected(intent: Obj, verb: str) -> ApiError:
    return ApiError(
        f"This SetupIntent could not be {verb} because it has a status of {intent['status']}. Only a SetupIntent with "
        f"one of the following statuses may be {verb}: {', '.join(CONFIRMABLE)}.",
        code="setup_intent_unexpected_state",
        setup_intent=snapshot(intent),
    )
