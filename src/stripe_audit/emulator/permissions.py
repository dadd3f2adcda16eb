"""What a restricted key may do (docs.stripe.com/keys#limit-access).

Permissions are named as in Stripe's refusals, without their ``rak_``: ``charge_read``, ``payment_intent_write``.
Whoever may write may read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stripe_audit.emulator.errors import ApiError

__all__ = ["RestrictedKey", "check_permission", "is_permission", "permission_for"]

_NAME = re.compile(r"[a-z][a-z0-9_]*_(read|write)")
_RESOURCES = {
    "account": "connected_account",
    "accounts": "connected_account",
    "balance": "balance",
    "balance_transactions": "balance_transaction_source",
    "capabilities": "connected_account",
    "prices": "plan",
    "refunds": "charge",
    "webhook_endpoints": "webhook",
}
"""By the path's first part, where its singular is not the name."""
_FAMILIES = {"billing", "billing_portal", "checkout", "identity", "issuing", "radar", "reporting", "test_helpers"}


@dataclass(frozen=True, slots=True)
class RestrictedKey:
    """``shown`` is the masked key."""

    shown: str
    permissions: frozenset[str]

    def allows(self, permission: str) -> bool:
        """Whether the permission is among the key's, or comes with one of them."""
        writing = f"{permission.removesuffix('_read')}_write"
        return permission in self.permissions or writing in self.permissions


def is_permission(name: str) -> bool:
    """Whether it has the form of a permission."""
    return _NAME.fullmatch(name) is not None


def permission_for(method: str, path: str) -> str:
    """The permission that a call needs: ``GET /v1/charges/ch_1`` needs ``charge_read``."""
    version, *parts = [part for part in path.split("/") if part]
    if version == "v2":
        resource = "event" if parts[:1] == ["core"] else "billing_meter_event"
    elif parts[0] in _FAMILIES and len(parts) > 1:
        resource = f"{parts[0]}_{parts[1].removesuffix('s')}"
    else:
        resource = _RESOURCES.get(parts[0], parts[0].removesuffix("s"))
    return f"{resource}_{'read' if method == 'GET' else 'write'}"


def check_permission(key: RestrictedKey, method: str, path: str, account: str) -> None:
    """Raise ApiError 403 for a call beyond what the key may do."""
    needed = permission_for(method, path)
    if not key.allows(needed):
        raise ApiError(
            f"The provided key '{key.shown}' does not have the required permissions for this endpoint on account "
            f"'{account}'. Having the 'rak_{needed}' permission would allow this request to continue.",
            status=403,
        )
