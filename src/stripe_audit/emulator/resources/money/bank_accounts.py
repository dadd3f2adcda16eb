"""Bank accounts that money is paid to, and how some of them fail (docs.stripe.com/connect/testing#account-numbers)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["FAILURES", "default_of", "failure_of", "new_bank_account", "token_number"]

_NUMBERS = {
    "noAccount": "000111111116",
    "accountClosed": "000111111113",
    "insufficientFunds": "000222222227",
    "debitNotAuthorized": "000333333335",
    "invalidCurrency": "000444444440",
}
WORKING = "000123456789"
_ROUTING = "110000000"
FAILURES = {
    "1116": (
        "no_account",
        "The bank account details on file are probably incorrect. No bank account could be located.",
    ),
    "1113": ("account_closed", "The bank account has been closed."),
    "2227": ("insufficient_funds", "The bank account has insufficient funds."),
    "3335": ("debit_not_authorized", "Debit transactions are not approved on this bank account."),
    "4440": ("invalid_currency", "The bank was unable to process this payout because of its currency."),
}
"""Code and message by the last four digits."""


def token_number(token: str) -> str | None:
    """The account number of ``btok_us_verified``, ``btok_us_verified_noAccount`` and the like; None for no token."""
    if not token.startswith(("btok_", "ba_us_")):
        return None
    return _NUMBERS.get(token.rsplit("_", 1)[-1], WORKING)


def new_bank_account(world: World, number: str, owner: str, **values: Any) -> Obj:
    """Keep a bank account of a connected account, or of the platform itself."""
    account = blank(
        "bank_account",
        id=world.ids.new("ba"),
        object="bank_account",
        account=owner,
        available_payout_methods=["standard"],
        bank_name="STRIPE TEST BANK",
        country="US",
        currency="usd",
        default_for_currency=False,
        fingerprint=world.fingerprint(number),
        future_requirements=_nothing_due(),
        last4=number[-4:],
        metadata={},
        requirements=_nothing_due(),
        routing_number=_ROUTING,
        status="new",
    )
    account.update(values)
    return world.store.add(account, owner=owner)


def default_of(world: World, currency: str) -> Obj:
    """Where this account's money goes. An account without a connected owner has a bank account that always works.

    Raises ApiError 400 for a connected account without one.
    """
    owner = world.scope.account
    known = [one for one in world.store.members("bank_account", owner) if one["id"] in world.store.by_id]
    chosen = next((one for one in known if one["currency"] == currency and one["default_for_currency"]), None)
    if chosen is not None:
        return chosen
    if owner != world.keys.account:
        raise invalid(f"Sorry, you don't have any external accounts in that currency ({currency}).", "currency")
    return new_bank_account(world, WORKING, owner, currency=currency, default_for_currency=True)


def failure_of(world: World, identity: str) -> tuple[str, str] | None:
    """How a transfer of money to or from this bank account fails; None if it does not. Raises ApiError 400."""
    account = world.store.by_id.get(identity)
    if account is None or account["object"] not in ("bank_account", "card"):
        raise missing_resource("external account", identity[:100], "destination", status=400)
    return FAILURES.get(account["last4"]) if account["object"] == "bank_account" else None


def _nothing_due() -> Obj:
    return {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}
