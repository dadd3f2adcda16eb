"""Which types of payment method an intent accepts, and whether one of them can be used for it now.

Source: docs.stripe.com/payments/payment-methods/integration-options, docs.stripe.com/error-codes.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.local_methods import mandates
from stripe_audit.emulator.resources.local_methods.kinds import KINDS, is_usable
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["check_method", "check_types", "may_redirect", "types_given"]

_CODE = "payment_intent_incompatible_payment_method"


def types_given(params: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The parameter that lists types, and the list: ``payment_method_types``, since endive ``allowed_…``."""
    for name in ("payment_method_types", "allowed_payment_method_types"):
        if params.get(name):
            return name, params[name]
    return None


def check_types(params: dict[str, Any], currency: str | None) -> None:
    """Raise ApiError 400 for types that do not exist, and for types that do not take the currency."""
    given = types_given(params)
    for kind in given[1] if given else ():
        if kind not in KINDS and kind not in ("card", "link"):
            raise invalid(
                f'The payment method type "{kind[:50]}" is invalid. Please ensure the provided type is activated in '
                "your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled "
                "for any preview features that you are trying to use.",
                given[0] if given else None,
                "payment_intent_invalid_parameter",
            )
        if currency is not None and not is_usable(kind, currency):
            raise _wrong_currency(currency)


def check_method(call: Call, intent: Obj, method: Obj, params: dict[str, Any]) -> None:
    """Raise ApiError 400 where this payment method cannot pay, or set up, this intent: its type, currency, mandate."""
    kind = method["type"]
    spoken = "SetupIntent" if intent["object"] == "setup_intent" else "PaymentIntent"
    automatic = intent["automatic_payment_methods"] or {}
    is_redirect = kind in KINDS and KINDS[kind].way == "redirect"
    is_open = bool(automatic.get("enabled")) and not intent.get("allowed_payment_method_types")
    is_barred = kind in (intent.get("excluded_payment_method_types") or ())
    is_barred = is_barred or (is_redirect and automatic.get("allow_redirects") == "never")
    if is_barred or not (kind in intent["payment_method_types"] or (is_open and kind in KINDS)):
        types = ", ".join(intent["payment_method_types"])
        raise ApiError(
            f"The PaymentMethod provided ({kind}) is not allowed for this {spoken}. Please attach an updated "
            f"PaymentMethod with one of the following types: {types}. Alternatively update the allowed "
            f'payment_method_types for this {spoken} to include "{kind}".',
            code=_CODE if spoken == "PaymentIntent" else None,
            param="payment_method",
        )
    if kind == "card":
        return
    if "currency" in intent and not is_usable(kind, intent["currency"]):
        raise _wrong_currency(intent["currency"])
    if KINDS[kind].way == "transfer" and not intent.get("customer"):
        raise invalid(f"A customer must be specified when using the payment method type {kind}.", "customer")
    is_exempt = params.get("off_session") or params.get("use_stripe_sdk")
    if is_redirect and not params.get("return_url") and not is_exempt:
        raise invalid("Missing required param: return_url.", "return_url", "parameter_missing")
    mandates.check_given(call, method, params, spoken)


def may_redirect(intent: Obj) -> bool:
    """Whether one of the types that the intent takes sends customers off the page."""
    automatic = intent["automatic_payment_methods"]
    allowed = intent.get("allowed_payment_method_types")
    if allowed and not any(kind in KINDS and KINDS[kind].way == "redirect" for kind in allowed):
        return False
    return bool(automatic and automatic["enabled"] and automatic["allow_redirects"] == "always")


def _wrong_currency(currency: str) -> ApiError:
    return ApiError(
        f"The currency provided ({currency}) is invalid for one or more of the payment method types accepted by this "
        "PaymentIntent.",
        param="currency",
        code=_CODE,
    )
