"""What an account still has to tell before it may take payments (docs.stripe.com/connect/handling-api-verification)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.store import Obj

__all__ = ["due", "requirements"]

_ALWAYS = (
    "business_profile.mcc",
    "business_profile.url",
    "business_type",
    "external_account",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)
_INDIVIDUAL = ("first_name", "last_name", "dob.day", "dob.month", "dob.year")
_COMPANY = ("company.name", "company.tax_id")


def due(account: Obj, persons: list[Obj]) -> list[str]:
    """The fields that are missing, in Stripe's names for them. It asks for the same in every country."""
    missing = [name for name in _ALWAYS if not _has(account, name)]
    if account["business_type"] == "company":
        missing += [name for name in _COMPANY if not _has(account, name)]
        if not any(person["relationship"]["representative"] for person in persons):
            missing += [f"representative.{name}" for name in _INDIVIDUAL]
    elif account["business_type"]:
        person = account["individual"] or {}
        missing += [f"individual.{name}" for name in _INDIVIDUAL if _at(person, name) is None]
    return sorted(missing)


def requirements(missing: list[str]) -> Obj:
    """As the account shows them."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": missing,
        "disabled_reason": "requirements.past_due" if missing else None,
        "errors": [],
        "eventually_due": list(missing),
        "past_due": list(missing),
        "pending_verification": [],
    }


def _has(account: Obj, name: str) -> bool:
    if name == "external_account":
        return bool(account["external_accounts"]["data"])
    if name == "company.tax_id":
        return bool((account["company"] or {}).get("tax_id_provided"))
    if name == "business_profile.url" and _at(account, "business_profile.product_description"):
        return True
    return bool(_at(account, name))


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
