"""Vouchers: a code that the customer pays at a shop or a bank; the e-mail address decides what becomes of it.

Source: docs.stripe.com/payments/boleto/accept-a-payment and /payments/oxxo/accept-a-payment, "Test your integration".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stripe_audit.emulator.bank_accounts import LATE_SECONDS
from stripe_audit.emulator.resources.challenge import page_of
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["Fate", "fate", "next_action"]

VALID_SECONDS = 3 * 86400


@dataclass(frozen=True, slots=True)
class Fate:
    """When a voucher is paid, or expires; None for never."""

    seconds: float | None
    failure: bool = False


def fate(world: World, method: Obj) -> Fate:
    """What the billing e-mail address stands for."""
    email = str(method["billing_details"].get("email") or "").partition("@")[0]
    if email.endswith("succeed_immediately"):
        return Fate(world.config.debit_delay)
    if email.endswith("expire_immediately"):
        return Fate(world.config.debit_delay, failure=True)
    if email.endswith("expire_with_delay"):
        return Fate(LATE_SECONDS, failure=True)
    if email.endswith("fill_never"):
        return Fate(VALID_SECONDS, failure=True)
    return Fate(LATE_SECONDS)


def next_action(world: World, intent: Obj, method: Obj, fate: Fate) -> dict[str, Any]:
    """``boleto_display_details`` and the like."""
    kind = method["type"]
    end = int(world.clock.seconds() + (fate.seconds if fate.failure and fate.seconds else VALID_SECONDS))
    details: dict[str, Any] = {"hosted_voucher_url": page_of(world, intent)}
    if kind == "boleto":
        details |= {"expires_at": end, "number": "01010101010101010101010101010101010101010101010", "pdf": None}
    elif kind == "oxxo":
        details |= {"expires_after": end, "number": "12345678901234657890123456789012"}
    elif kind == "multibanco":
        details |= {"entity": "11111", "expires_at": end, "reference": "111222333"}
    else:
        store = {"confirmation_number": None, "payment_code": "123456"}
        details |= {"expires_at": end, "stores": dict.fromkeys(_STORES, store)}
    name = f"{kind}_display_details"
    return {"type": name, name: details}


_STORES = ("familymart", "lawson", "ministop", "seicomart")
