"""A new Checkout Session: every field, from the parameters or as Stripe fills it in by itself.

Source: docs.stripe.com/api/checkout/sessions/object.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.resources.checkout.display import (
    BRANDING,
    custom_fields,
    custom_text,
    details_of,
    invoice_creation,
    switched,
)
from stripe_audit.emulator.resources.local_methods.choice import types_given
from stripe_audit.emulator.resources.metadata import merged
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["automatic_tax", "new_session", "set_totals"]

_PLAIN = (
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "customer",
    "customer_email",
    "excluded_payment_method_types",
    "integration_identifier",
    "locale",
    "name_collection",
    "optional_items",
    "origin_context",
    "permissions",
    "return_url",
    "shipping_address_collection",
    "submit_type",
    "success_url",
    "wallet_options",
)
_EMBEDDED = ("embedded_page", "elements", "form")


def new_session(call: Call, ui_mode: str, expires_at: int, currency: str | None, customer: Obj | None) -> Obj:
    """A session without its items and amounts, not kept yet."""
    world, params = call.world, call.params
    mode = params["mode"]
    identity = f"cs_test_{'b' if ui_mode in _EMBEDDED else 'a'}1{world.ids.text(56)}"
    types = types_given(params)
    session = blank(
        "checkout.session",
        id=identity,
        object="checkout.session",
        adaptive_pricing=switched(params.get("adaptive_pricing"), default=True) if mode == "payment" else None,
        after_expiration=_after_expiration(params.get("after_expiration")),
        automatic_tax=automatic_tax(params.get("automatic_tax")) | {"provider": None, "status": None},
        branding_settings={**BRANDING, **(params.get("branding_settings") or {})} if ui_mode != "elements" else None,
        client_secret=world.ids.client_secret(identity) if ui_mode in _EMBEDDED else None,
        collected_information={"business_name": None, "individual_name": None, "shipping_details": None},
        created=world.clock.seconds(),
        currency=currency,
        custom_fields=custom_fields(params.get("custom_fields")),
        custom_text=custom_text(params.get("custom_text")),
        customer_creation=None if customer else params.get("customer_creation") or _creation(mode),
        customer_details=details_of(customer, params.get("customer_email")),
        discounts=[],
        expires_at=expires_at,
        invoice_creation=invoice_creation(params.get("invoice_creation")) if mode == "payment" else None,
        livemode=False,
        managed_payments={"enabled": bool((params.get("managed_payments") or {}).get("enabled"))},
        metadata=merged({}, params.get("metadata") or {}),
        mode=mode,
        payment_method_collection=params.get("payment_method_collection")
        or ("if_required" if mode == "payment" else "always"),
        payment_method_options=params.get("payment_method_options")
        or {"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=list(types[1]) if types else ["card"],
        payment_status="no_payment_required" if mode == "setup" else "unpaid",
        phone_number_collection=switched(params.get("phone_number_collection")),
        redirect_on_completion=(params.get("redirect_on_completion") or "always") if ui_mode in _EMBEDDED else None,
        saved_payment_method_options=_saved(params.get("saved_payment_method_options")) if customer else None,
        shipping_options=[],
        status="open",
        tax_id_collection={"required": "never", **params["tax_id_collection"]}
        if params.get("tax_id_collection")
        else None,
        ui_mode=ui_mode,
        url=f"{world.url}/c/pay/{identity}" if ui_mode == "hosted_page" else None,
    )
    card = session["payment_method_options"].get("card")
    if card is not None:
        session["payment_method_options"] = {
            **session["payment_method_options"],
            "card": {"request_three_d_secure": "automatic", **card},
        }
    for name in _PLAIN:
        if name in params:
            session[name] = params[name]
    return session


def set_totals(session: Obj, amounts: dict[str, int]) -> None:
    """Put sums on the session; one that costs nothing needs no payment."""
    session.update(
        amount_subtotal=amounts["subtotal"],
        amount_total=amounts["total"],
        total_details={
            "amount_discount": amounts["discount"],
            "amount_shipping": amounts["shipping"],
            "amount_tax": amounts["tax"],
        },
    )


def automatic_tax(given: dict[str, Any] | None) -> dict[str, Any]:
    """Whether tax is to be computed; the emulator computes none by itself."""
    is_on = bool((given or {}).get("enabled"))
    liability = (given or {}).get("liability") or ({"type": "self"} if is_on else None)
    return {"enabled": is_on, "liability": liability and {"account": None, **liability}}


def _creation(mode: str) -> str:
    return "always" if mode == "subscription" else "if_required"


def _after_expiration(given: dict[str, Any] | None) -> dict[str, Any] | None:
    recovery = (given or {}).get("recovery")
    if not recovery:
        return None
    return {"recovery": {"allow_promotion_codes": False, "expires_at": None, "url": None, **recovery}}


def _saved(given: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "allow_redisplay_filters": ["always"],
        "payment_method_remove": "disabled",
        "payment_method_save": None,
        **(given or {}),
    }
