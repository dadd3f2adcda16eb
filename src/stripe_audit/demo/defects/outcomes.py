"""Defects of phase 3 in how a payment goes on: debits, authorisations, refunds in other currencies, disputes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Orders

__all__ = ["DEFECTS"]


class _ProcessingForEver(Orders):
    """Once a debit is on its way, nobody asks any more."""

    def apply(self, order: Mapping[str, Any], intent: Mapping[str, Any], event_type: str) -> None:
        current = self.store.order(order["id"]) or {}
        if current.get("status") != "processing" or event_type.startswith("checkout."):
            super().apply(order, intent, event_type)


class _AuthorisedIsPaid(Orders):
    def state_of(self, intent: Mapping[str, Any]) -> str:
        return "paid" if intent["status"] == "requires_capture" else super().state_of(intent)


class _AuthorisedAmount(Orders):
    """The record keeps what was authorised."""

    def received(self, intent: Mapping[str, Any]) -> int | None:
        return None


class _RefundInHundreds(Orders):
    """What was given back is divided by 100, and what was paid by the currency's own factor."""

    def given_back(self, charge: Any) -> int:
        given = super().given_back(charge)
        return given // 100 if given and charge["currency"] == "jpy" else given


class _WonStaysDisputed(Orders):
    """``charge.disputed`` stays true for ever."""

    def is_won(self, intent: Mapping[str, Any]) -> bool:
        return False


class _ClosedIsWon(Orders):
    """Whatever closes a dispute, it is over."""

    def is_won(self, intent: Mapping[str, Any]) -> bool:
        return super().is_won(intent) or intent.get("dispute") == "lost"


DEFECTS = (
    Defect(
        "processing-for-ever",
        "A debit that was on its way stays so, whatever becomes of it",
        "processing-payment-waits",
        seen_in="AI-Shipping-Labs/website#1423",
        orders=_ProcessingForEver,
    ),
    Defect(
        "authorised-counts-as-paid",
        "A payment that is only authorised counts as paid",
        "authorised-is-not-paid",
        orders=_AuthorisedIsPaid,
    ),
    Defect(
        "authorised-amount-recorded",
        "Where a part is captured, the record keeps all that was authorised",
        "authorised-is-not-paid",
        also=("ledger-reconciles",),
        seen_in="woocommerce/woocommerce-gateway-stripe#851",
        orders=_AuthorisedAmount,
    ),
    Defect(
        "refund-in-hundreds",
        "Refunds in yen are recorded as a hundredth, so that a full one is partial",
        "refund-in-every-currency",
        also=("ledger-reconciles",),
        seen_in="YosemiteCrew/Yosemite-Crew#3021",
        orders=_RefundInHundreds,
    ),
    Defect(
        "won-dispute-stays",
        "A dispute that is won leaves its order disputed",
        "dispute-followed",
        also=("dispute-orders-explored",),
        seen_in="woocommerce/woocommerce-gateway-stripe#1098",
        orders=_WonStaysDisputed,
    ),
    Defect(
        "lost-dispute-forgiven",
        "A dispute that is lost makes its order paid again",
        "dispute-followed",
        also=("ledger-reconciles",),
        orders=_ClosedIsWon,
    ),
)
