"""The states of a PaymentIntent: which moves each of them allows, and what the customer's browser may see.

Source: docs.stripe.com/payments/paymentintents/lifecycle.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, unexpected_state
from stripe_audit.emulator.resources.local_methods.choice import check_method, may_redirect
from stripe_audit.emulator.resources.payment_methods import check_unspent
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["check_confirmable", "check_fits", "check_state", "shown_to_customer", "use"]

CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_NEEDS_RETURN_URL = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
    "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want "
    "to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)
_SHOWN_TO_CUSTOMER = (
    "id",
    "object",
    "allowed_payment_method_types",
    "amount",
    "amount_details",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "excluded_payment_method_types",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_configuration_details",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "source",
    "status",
)


def shown_to_customer(intent: Obj) -> Obj:
    """The intent as a publishable key sees it: no metadata, no charge, no other ids of the merchant's."""
    return {name: intent[name] for name in _SHOWN_TO_CUSTOMER if name in intent}


def check_fits(intent: Obj, method: Obj) -> None:
    """Raise ApiError 400 for a payment method of a customer who is not the intent's."""
    if method["customer"] in (None, intent["customer"]):
        return
    if intent["customer"]:
        raise invalid(
            f"The payment method supplied ({method['id']}) belongs to a different Customer than the one on the "
            "PaymentIntent.",
            "payment_method",
        )
    raise invalid(
        f"The provided PaymentMethod belongs to a Customer {method['customer']}. Please include the Customer in the "
        "`customer` parameter on the PaymentIntent.",
        "payment_method",
    )


def use(intent: Obj, method: Obj) -> None:
    """Put a payment method on the intent; it then waits for its confirmation."""
    intent["payment_method"] = method["id"]
    intent["next_action"] = None
    intent["status"] = "requires_confirmation"


def check_state(intent: Obj, verb: str) -> None:
    """Raise ApiError ``payment_intent_unexpected_state`` unless the intent can be confirmed or canceled now."""
    status = intent["status"]
    if verb == "confirm" and status == "succeeded":
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
            intent,
        )
    allowed = CONFIRMABLE if verb == "confirm" else CANCELABLE
    if status in allowed:
        return
    if verb == "cancel":
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one "
            f"of the following statuses may be canceled: {', '.join(CANCELABLE)}.",
            intent,
        )
    raise unexpected_state(
        f"This PaymentIntent's status is {status}, so it cannot be confirmed. Only a PaymentIntent with one of the "
        f"following statuses may be confirmed: {', '.join(CONFIRMABLE)}.",
        intent,
    )


def check_confirmable(call: Call, intent: Obj, method: Obj | None, params: dict[str, Any]) -> None:
    """Raise ApiError 400 where a confirmation lacks a payment method that it can use, or its ``return_url``."""
    if method is None:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
            intent if intent["id"] in call.world.store.by_id else None,
        )
    check_unspent(call.world, method, "payment_method")
    check_fits(intent, method)
    check_method(call, intent, method, params)
    has_redirects = may_redirect(intent)
    is_exempt = call.caller == "customer" or params.get("off_session") or params.get("use_stripe_sdk")
    # The card that fills a sandbox's balance pays without one: the Stripe CLI's fixtures for transfers send none.
    card = call.world.cards.get(method["id"])
    is_exempt = is_exempt or (card is not None and card.is_available_at_once)
    if has_redirects and not params.get("return_url") and not is_exempt:
        raise invalid(_NEEDS_RETURN_URL, "return_url")
