"""What the shop sells. Prices in major units, exact; the amounts to charge are made from these and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from stripe_audit.money import to_minor

__all__ = ["PRODUCTS", "Product", "price_of"]


@dataclass(frozen=True, slots=True)
class Product:
    """An article and its price in each currency that it is sold in."""

    id: str
    name: str
    prices: Mapping[str, Decimal]


PRODUCTS = (
    Product("mug", "Stoneware mug", {"usd": Decimal("19.99"), "eur": Decimal("17.99")}),
    Product("poster", "Letterpress poster", {"usd": Decimal("4.35"), "gbp": Decimal("64.10")}),
    Product("stickers", "Sticker sheet", {"jpy": Decimal(500)}),
    Product("dates", "Box of dates", {"kwd": Decimal("3.450")}),
)


def price_of(item: str, currency: str, quantity: int) -> int | None:
    """The amount to charge in minor units, or None where the article is not sold in that currency."""
    for product in PRODUCTS:
        if product.id == item and currency in product.prices:
            return to_minor(product.prices[currency] * quantity, currency)
    return None
