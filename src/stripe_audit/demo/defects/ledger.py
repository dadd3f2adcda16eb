"""Defects of the books: money that is gone and still counted, in the wrong currency, or counted nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_audit.demo.checkouts import CheckoutOrders
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.webhooks import Receipts

__all__ = ["DEFECTS"]


class _LostCountsAsPaid(CheckoutOrders):
    """A dispute that is closed is over, whoever won it."""

    def is_won(self, intent: Mapping[str, Any]) -> bool:
        return super().is_won(intent) or intent.get("dispute") == "lost"


class _CheckoutInDollars(CheckoutOrders):
    """What was paid on Stripe's page is recorded with the number that Stripe names, and the shop's own currency."""

    def shown(self, identity: str) -> dict[str, Any]:
        known = self.store.row("SELECT 1 FROM sessions WHERE order_id = :id", {"id": identity})
        return {**super().shown(identity), **({"currency": "usd"} if known else {})}


class _FeeRecordedNowhere(Receipts):
    """Giving back a part costs a fee, which is charged beside the order, and stands in no record."""

    async def follow(self, event: Mapping[str, Any], intent_id: str | None) -> None:
        await super().follow(event, intent_id)
        order = self.store.order_of(intent_id) if intent_id else None
        if order and order["status"] == "partially_refunded" and event["type"] == "charge.refunded":
            params = {
                "amount": order["amount"],
                "currency": order["currency"],
                "confirm": True,
                "payment_method": "pm_card_visa",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "metadata": {"fee_for": order["id"]},
            }
            await self.orders.stripe.create_intent(params, key=f"fee-{order['id']}")


DEFECTS = (
    Defect(
        "lost-dispute-counts-as-paid",
        "A dispute that was lost makes the order paid again",
        "ledger-reconciles",
        also=("dispute-followed",),
        seen_in="woocommerce/woocommerce-gateway-stripe#1098",
        orders=_LostCountsAsPaid,
    ),
    Defect(
        "checkout-recorded-in-dollars",
        "What was paid on Stripe's page is recorded in dollars, whatever the currency",
        "ledger-reconciles",
        also=("checkout-in-every-currency",),
        seen_in="InvoicePlane/InvoicePlane#1677",
        orders=_CheckoutInDollars,
    ),
    Defect(
        "fee-recorded-nowhere",
        "A fee for partial refunds is charged beside the order, and recorded nowhere",
        "ledger-reconciles",
        seen_in="magfest/ubersystem#2741",
        receipts=_FeeRecordedNowhere,
    ),
)
