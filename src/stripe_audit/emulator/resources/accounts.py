"""The account itself (docs.stripe.com/api/accounts)."""

from __future__ import annotations

from stripe_audit.emulator.errors import missing_resource
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["account"]


def account(call: Call) -> Obj:
    """The platform itself. Raises ApiError 404 where the path names another account."""
    if call.ids and call.ids[0] != call.world.keys.account:
        raise missing_resource("account", call.ids[0], "account")
    return blank(
        "account",
        id=call.world.keys.account,
        object="account",
        business_profile={"name": "Emulated account", "url": None},
        capabilities={"card_payments": "active", "transfers": "active"},
        charges_enabled=True,
        country="US",
        default_currency="usd",
        details_submitted=True,
        email="owner@example.com",
        metadata={},
        payouts_enabled=True,
        settings={"dashboard": {"display_name": "Emulated account", "timezone": "Etc/UTC"}},
        type="standard",
    )
