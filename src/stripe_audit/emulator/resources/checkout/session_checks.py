"""What Stripe refuses when a Checkout Session is created: parameters that do not go together, or with the mode.

Source: docs.stripe.com/api/checkout/sessions/create.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.resources.challenge import check_return_url
from stripe_audit.emulator.world import Call

__all__ = ["LIFETIME", "check", "expiry_given", "ui_mode_given"]

LIFETIME, SHORTEST = 24 * 3600, 30 * 60
"""Seconds that a session lasts unless told otherwise, and at least."""
_EMBEDDED = ("embedded_page", "elements", "form")
_OLD_NAMES = {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}
"""What dahlia renamed."""
_ONLY_IN = {
    "payment_intent_data": ("payment",),
    "invoice_creation": ("payment",),
    "submit_type": ("payment", "subscription"),
    "subscription_data": ("subscription",),
    "setup_intent_data": ("setup",),
    "line_items": ("payment", "subscription"),
    "discounts": ("payment", "subscription"),
    "allow_promotion_codes": ("payment", "subscription"),
    "customer_creation": ("payment", "setup"),
    "payment_method_collection": ("subscription", "payment"),
}
"""The modes that each parameter can be used in."""


def ui_mode_given(params: dict[str, Any]) -> str:
    """The mode of display, by its present name."""
    given = params.get("ui_mode") or "hosted_page"
    return _OLD_NAMES.get(given, given)


def check(call: Call, ui_mode: str) -> None:
    """Raise ApiError 400 for what does not go together."""
    params = call.params
    mode = params.get("mode")
    if mode is None:
        raise invalid("Missing required param: mode.", "mode", "parameter_missing")
    for name, modes in _ONLY_IN.items():
        if params.get(name) is not None and mode not in modes:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    if mode != "setup" and not params.get("line_items"):
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    if mode == "setup" and not (params.get("currency") or params.get("payment_method_types")):
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    for one, other in (
        ("customer", "customer_email"),
        ("customer", "customer_creation"),
        ("allow_promotion_codes", "discounts"),
        ("payment_method_types", "payment_method_configuration"),
    ):
        if params.get(one) and params.get(other):
            raise invalid(
                f"You may only specify one of these parameters: {one}, {other}.", other, "parameters_exclusive"
            )
    if params.get("customer_update") and not params.get("customer"):
        raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
    _check_urls(params, ui_mode)


def _check_urls(params: dict[str, Any], ui_mode: str) -> None:
    is_embedded = ui_mode in _EMBEDDED
    for name in ("success_url", "cancel_url") if is_embedded else ("return_url", "redirect_on_completion"):
        if params.get(name):
            raise invalid(f"You can not pass `{name}` when `ui_mode` is `{params.get('ui_mode', ui_mode)}`.", name)
    never_leaves = params.get("redirect_on_completion") == "never"
    needed = "return_url" if is_embedded else "success_url"
    if never_leaves and params.get("return_url"):
        raise invalid("You can not pass `return_url` when `redirect_on_completion` is `never`.", "return_url")
    if not params.get(needed) and not never_leaves:
        raise invalid(f"Missing required param: {needed}.", needed, "parameter_missing")
    for name in ("success_url", "cancel_url", "return_url"):
        url = params.get(name)
        if url is not None:
            try:
                check_return_url({"return_url": url.replace("{CHECKOUT_SESSION_ID}", "id")})
            except ApiError:
                raise invalid("Not a valid URL", name, "url_invalid") from None


def expiry_given(call: Call) -> int:
    """When the session ends. Raises ApiError 400 outside 30 minutes to 24 hours from now."""
    now, given = call.world.clock.seconds(), call.params.get("expires_at")
    if given is None:
        return now + LIFETIME
    if given < now + SHORTEST - 60:  # a minute for the request to arrive
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at"
        )
    if given > now + LIFETIME + 60:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at"
        )
    return int(given)
