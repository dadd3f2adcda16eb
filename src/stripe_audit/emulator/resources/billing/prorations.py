"""What a change within a period costs: credit for the unused time of the old, a charge for the rest of the new.

Simplified: by the second, of the amounts without discounts and taxes; each part is rounded by itself, as an invoice
item that no coupon applies to. Stripe carries the discounts of the invoice that was paid into its credits.
Source: docs.stripe.com/billing/subscriptions/prorations.
"""

from __future__ import annotations

from decimal import Decimal

from stripe_audit.emulator.resources.billing.lines import described, pricing_of
from stripe_audit.emulator.resources.billing.pricing import amount_of, rounded
from stripe_audit.emulator.resources.billing.times import now_of, spoken_date
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import World

__all__ = ["prorate"]


def prorate(
    world: World, subscription: Obj, before: list[Obj], after: list[Obj], date: int, *, charges: bool = True
) -> list[Obj]:
    """Invoice items, not kept, for items that are now other than before. ``charges`` says whether the rest of the
    period is charged at the new price; it is not where a new period begins.
    """
    known = {item["id"]: item for item in before}
    items = []
    for item in before:
        kept = next((one for one in after if one["id"] == item["id"]), None)
        if kept is None or not charges or not _is_same(item, kept):
            items.append(_item(world, subscription, item, item, date, is_credit=True))
    for item in after:
        old = known.get(item["id"])
        if charges and (old is None or not _is_same(old, item)):
            items.append(_item(world, subscription, item, old or before[0], date, is_credit=False))
    return [item for item in items if item["amount"]]


def _is_same(one: Obj, other: Obj) -> bool:
    return bool(one["price"]["id"] == other["price"]["id"] and one["quantity"] == other["quantity"])


def _item(world: World, subscription: Obj, item: Obj, period: Obj, date: int, *, is_credit: bool) -> Obj:
    start, end = period["current_period_start"], period["current_period_end"]
    share = Decimal(max(0, end - date)) / max(1, end - start)
    price, quantity = item["price"], item["quantity"] or 0
    amount = rounded(amount_of(price, quantity) * share)
    words = "Unused time on" if is_credit else "Remaining time on"
    return blank(
        "invoiceitem",
        id=world.ids.new("ii"),
        object="invoiceitem",
        amount=-amount if is_credit else amount,
        currency=price["currency"],
        customer=subscription["customer"],
        date=now_of(world, subscription),
        description=f"{words} {described(world, price, quantity)} after {spoken_date(date)}",
        discountable=False,
        discounts=[],
        livemode=False,
        metadata={},
        parent={
            "subscription_details": {"subscription": subscription["id"], "subscription_item": item["id"]},
            "type": "subscription_details",
        },
        period={"end": max(date, end), "start": date},
        pricing=pricing_of(price),
        proration=True,
        proration_details={"credited_items": None, "discount_amounts": []},
        quantity=quantity,
        quantity_decimal=str(quantity),
        tax_rates=list(item["tax_rates"] or []),
        test_clock=subscription["test_clock"],
    )
