"""What the shop sells. Prices in major units, exact; the amounts to charge are made from these and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from stripe_audit.money import to_minor

__all__ = ["PLANS", "PRODUCTS", "Plan", "Product", "plan_of", "price_of", "product_of"]


@dataclass(frozen=True, slots=True)
class Product:
    """An article and its price in each currency that it is sold in.

    What is ``made_to_order`` is paid for once it is made: until then the card is only authorised.
    """

    id: str
    name: str
    prices: Mapping[str, Decimal]
    made_to_order: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What can be subscribed to; the price is that of a month."""

    id: str
    name: str
    price: Decimal
    currency: str
    trial_days: int = 0

    @property
    def amount(self) -> int:
        """The price in minor units."""
        return to_minor(self.price, self.currency)


PRODUCTS = (
    Product("mug", "Stoneware mug", {"usd": Decimal("19.99"), "eur": Decimal("17.99")}),
    Product("poster", "Letterpress poster", {"usd": Decimal("4.35"), "gbp": Decimal("64.10")}),
    Product("stickers", "Sticker sheet", {"jpy": Decimal(500)}),
    Product("dates", "Box of dates", {"kwd": Decimal("3.450")}),
    Product("tote", "Canvas tote bag", {"usd": Decimal("9.95"), "gbp": Decimal("1.10")}),
    Product("engraving", "Engraved mug", {"usd": Decimal("29.30")}, made_to_order=True),
)
PLANS = (
    Plan("club", "A mug each month", Decimal("9.95"), "usd"),
    Plan("tasting", "Dates each month", Decimal("17.99"), "eur", trial_days=14),
)


def product_of(item: str) -> Product | None:
    """The article of this id."""
    return next((product for product in PRODUCTS if product.id == item), None)


def plan_of(identity: object) -> Plan | None:
    """The plan of this id."""
    return next((plan for plan in PLANS if plan.id == identity), None)


def price_of(item: str, currency: str, quantity: int) -> int | None:
    """The amount to charge in minor units, or None where the article is not sold in that currency."""
    for product in PRODUCTS:
        if product.id == item and currency in product.prices:
            return to_minor(product.prices[currency] * quantity, currency)
    return None
