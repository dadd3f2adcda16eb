"""Whose objects a call sees: the account's own, or those of one connected account (docs.stripe.com/connect)."""

from __future__ import annotations

from dataclasses import dataclass, field

from stripe_audit.emulator.funds import Funds
from stripe_audit.emulator.store import Store

__all__ = ["Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One account's objects and money."""

    account: str
    store: Store = field(default_factory=Store)
    funds: Funds = field(default_factory=Funds)
