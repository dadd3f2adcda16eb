"""What Stripe demands of texts that it prints or sends: statement descriptors, e-mail addresses of receipts.

Source: docs.stripe.com/get-started/account/statement-descriptors#requirements.
"""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.resources.customers import check_email

__all__ = ["check_texts"]

LONGEST = 22
_FORBIDDEN = "<>\\'\"*"


def check_texts(params: dict[str, Any]) -> None:
    """Raise ApiError 400 for a receipt's address that is none, and for descriptors that cannot be printed."""
    check_email(params.get("receipt_email") or None, "receipt_email")
    for name in ("statement_descriptor", "statement_descriptor_suffix"):
        text = params.get(name)
        if not text:
            continue
        if len(text) > LONGEST:
            raise invalid(f"The statement descriptor must be at most {LONGEST} characters.", name)
        if any(character in _FORBIDDEN for character in text):
            raise invalid(
                "The statement descriptor can't contain any of the following characters: < > \\ ' \" *.", name
            )
        if not any(character.isalpha() for character in text):
            raise invalid("The statement descriptor must contain at least one alphabetic character.", name)
