from __future__ import annotations

import pytest

from tests.checks.payments.samples import a_payment, an_intent, judgment

CHECK = "payment-intent-names-order"
ONE = a_payment(order="shop-001", email="shop-001@example.com")
OTHER = a_payment(order="shop-002", email="shop-002@example.com")


def named(order: str) -> dict[str, object]:
    return {"metadata": {"order_id": order}}


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ([named("shop-001"), named("shop-002")], None),
        ([{"description": "Order shop-001"}, {"description": "Order shop-002"}], None),
        ([{"receipt_email": "shop-001@example.com"}, {"receipt_email": "shop-002@example.com"}], None),
        ([{"metadata": {"cart": "c1"}}, {"metadata": {"cart": "c2"}}], None),
        ([{"customer": "cus_1"}, {"customer": "cus_2"}], None),
        ([{}, {}], "none"),
        ([{"metadata": {"shop": "mine"}}, {"metadata": {"shop": "mine"}}], "none"),
        ([named("shop-002"), named("shop-002")], "another"),
        ([named("shop-001"), named("shop-001")], "another"),
        ([named("shop-001"), {**named("shop-002"), "receipt_email": "shop-001@example.com"}], "another"),
    ],
)
def test_what_two_intents_say(told, kind):
    found = judgment(CHECK).assess([ONE, OTHER], told)
    assert (found and found[0]) == kind


def test_what_is_written_into_an_intent():
    intent = an_intent(metadata={}, description="Order o1", transfer_group=None, receipt_email="a@b.test")
    assert judgment(CHECK).spoken(intent) == {"description": "Order o1", "receipt_email": "a@b.test"}
