from __future__ import annotations

import pytest

from stripe_audit import OrderState
from tests.checks.payments.samples import an_order, judgment

CHECK = "webhook-order-independent"


def events(*named: tuple[str, str | None]) -> list[dict[str, object]]:
    return [{"type": kind, "request": {"id": call}} for kind, call in named]


@pytest.mark.parametrize(
    ("emitted", "sequence"),
    [
        (
            [("created", "r1"), ("failed", "r2"), ("charge", "r3"), ("paid", "r3")],
            ["charge", "paid", "created", "failed"],
        ),
        ([("created", "r1"), ("challenge", "r2"), ("paid", None)], ["paid", "created", "challenge"]),
        ([("created", "r1"), ("paid", "r1")], ["created", "paid"]),
        ([("paid", "r1")], ["paid"]),
    ],
)
def test_the_last_change_comes_first_and_the_oldest_news_last(emitted, sequence):
    assert [event["type"] for event in judgment(CHECK).last_change_first(events(*emitted))] == sequence


@pytest.mark.parametrize(
    ("ending", "order", "title"),
    [
        ("paid", an_order("paid"), None),
        ("paid", an_order("failed"), "A late event undoes a payment"),
        ("paid", None, "A late event undoes a payment"),
        ("refunded", an_order("refunded"), None),
        ("refunded", an_order("paid"), "A refund that is told early is lost"),
    ],
)
def test_where_an_order_came_to_rest(ending, order, title):
    module = judgment(CHECK)
    wrong = module.assess(module.Seen("x", "a journey", OrderState(ending), ("a", "b"), order), tuple(OrderState))
    assert (wrong and wrong[1]) == title
