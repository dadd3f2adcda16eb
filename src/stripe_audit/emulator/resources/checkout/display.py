"""Parts that Checkout Sessions and payment links have in common: texts, fields, who the customer is.

Source: docs.stripe.com/api/checkout/sessions/object, docs.stripe.com/api/payment-link/object.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.store import Obj

__all__ = ["ADDRESS", "BRANDING", "custom_fields", "custom_text", "details_of", "invoice_creation", "switched"]

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
BRANDING = {
    "background_color": "#ffffff",
    "border_style": "rounded",
    "button_color": "#0074d4",
    "display_name": "Stripe Audit Emulator",
    "font_family": "default",
    "icon": None,
    "logo": None,
}
_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_INVOICE = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")


def switched(given: dict[str, Any] | None, *, default: bool = False) -> dict[str, Any]:
    """``{"enabled": …}``."""
    return {"enabled": bool((given or {}).get("enabled", default))}


def custom_text(given: dict[str, Any] | None) -> dict[str, Any]:
    return {name: (given or {}).get(name) for name in _TEXTS}


def custom_fields(given: list[dict[str, Any]] | None, *, has_values: bool = True) -> list[dict[str, Any]]:
    """The fields that the customer fills in, with a place for each value."""
    fields = []
    for one in given or []:
        field: dict[str, Any] = {"optional": False, **one}
        for kind in ("dropdown", "numeric", "text"):
            if one["type"] != kind:
                field[kind] = None
                continue
            own = dict(one.get(kind) or {})
            names = ("default_value",) if kind == "dropdown" else ("default_value", "maximum_length", "minimum_length")
            field[kind] = {**dict.fromkeys(names), **({"value": None} if has_values else {}), **own}
        fields.append(field)
    return fields


def invoice_creation(given: dict[str, Any] | None) -> dict[str, Any]:
    data = (given or {}).get("invoice_data") or {}
    shown: dict[str, Any] = {name: data.get(name) for name in _INVOICE}
    shown["metadata"] = data.get("metadata") or {}
    return {**switched(given), "invoice_data": shown}


def details_of(customer: Obj | None, email: str | None, billing: dict[str, Any] | None = None) -> Obj | None:
    """Who the customer is, as far as it is known: by the billing details, the customer object, the given e-mail."""
    if customer is None and email is None and billing is None:
        return None
    known, given = customer or {}, billing or {}
    address = given.get("address") if any((given.get("address") or {}).values()) else known.get("address")
    return {
        "address": {name: address.get(name) for name in ADDRESS} if address else None,
        "business_name": None,
        "email": known.get("email") or email or given.get("email"),
        "individual_name": None,
        "name": given.get("name") or known.get("name"),
        "phone": given.get("phone") or known.get("phone"),
        "tax_exempt": known.get("tax_exempt") or "none",
        "tax_ids": [] if billing is not None else None,
    }
