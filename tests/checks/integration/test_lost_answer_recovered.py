from __future__ import annotations

import pytest

from stripe_audit.trials import Recovered
from tests.checks.payments.samples import an_order, judgment

DONE = an_order("paid", fulfilled=1)


@pytest.mark.parametrize(
    ("one", "title"),
    [
        (Recovered("stripe", "lost", (200,), True, 1, DONE), None),
        (Recovered("stripe", "lost", (409, 200), True, 1, an_order("paid", fulfilled=None)), None),
        (Recovered("stripe", "lost", (200,), True, 0, an_order("unpaid")), None),  # it could not be paid at Stripe
        (
            Recovered("stripe", "lost", (409, None, 409), is_offered=False),
            "An order whose answer was lost can never be paid",
        ),
        (Recovered("customer", "lost", (200,), True, 2, DONE), "A lost answer charges an order twice"),
        (
            Recovered("customer", "lost", (200,), True, 1, an_order("unpaid", fulfilled=0)),
            "A payment that was offered again is not known to the target",
        ),
        (
            Recovered("customer", "lost", (200,), True, 1, None),
            "A payment that was offered again is not known to the target",
        ),
        (
            Recovered("customer", "lost", (200,), True, 1, an_order("paid", fulfilled=0)),
            "A payment that was offered again is not known to the target",
        ),
    ],
)
def test_what_comes_of_an_order_that_is_sent_again(one, title):
    wrong = judgment("lost-answer-recovered").assess(one)
    assert (wrong and wrong[1]) == title
