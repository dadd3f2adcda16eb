from __future__ import annotations

from decimal import Decimal

import pytest

from stripe_audit import Item
from tests.checks.modules import module_of
from tests.checks.security.samples import changed

SOLD = [Item("mug", Decimal("19.99"), "usd"), Item("mug", Decimal("17.99"), "eur"), Item("mug", Decimal(1999), "jpy")]


@pytest.mark.parametrize(
    ("came", "kind"),
    [
        (changed("amount", (1999, "usd")), ""),
        (changed("amount"), ""),
        (changed("amount", status=500), ""),
        (changed("amount", (999, "usd")), "amount"),
        (changed("amount", (1998, "usd")), "amount"),
        (changed("amount", (99900, "usd")), "amount"),
        (changed("amount", refused=[(9, "usd")]), "amount"),
        (changed("discount", (1999, "usd"), (1000, "usd")), "amount"),
        (changed("currency", (1799, "eur")), ""),
        (changed("currency", (1999, "jpy")), ""),
        (changed("currency", (500_000, "vnd")), ""),
        (changed("currency", (1999, "vnd")), "currency"),
        (changed("currency", refused=[(20, "vnd")]), "currency"),
    ],
)
def test_what_stripe_was_asked_for_must_stay_the_price(came, kind):
    judging = module_of("payment-amount-not-trusted")
    assert judging.assess(came, judging.Terms(1999, "usd"), SOLD) == kind


def test_what_stripe_refused_is_told_as_such():
    told = [
        module_of("payment-amount-not-trusted").shown(one)
        for one in changed("a", (1, "usd"), refused=[(2, "eur")]).asked
    ]
    assert told == ["1 usd", "2 eur (Stripe refused)"]
