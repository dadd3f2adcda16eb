from __future__ import annotations

import pytest

from stripe_audit.trials import SentTwice
from tests.checks.errors.modules import module_of


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (SentTwice(("k", "k"), ("k",), {"pi_1": "requires_payment_method"}, {}, (503, 200)), None),
        (SentTwice(("k",), (), {"pi_1": "requires_payment_method"}, {}, (503, 200)), None),  # it was found at Stripe
        (
            SentTwice(("k",), ("l",), {}, {"pi_2": "requires_payment_method"}, (503, 200)),
            None,
        ),  # the first is cancelled
        (
            SentTwice(("k", "l"), ("m",), {"pi_1": "requires_payment_method", "pi_2": "canceled"}, {}, (503, 200)),
            ("medium", "own-retry"),
        ),
        (
            SentTwice(("k",), ("l",), {"pi_1": "requires_payment_method"}, {"pi_2": "succeeded"}, (503, 200)),
            ("medium", "second-request"),
        ),
        (
            SentTwice(("k",), ("l",), {"pi_1": "succeeded"}, {"pi_2": "processing"}, (503, 200)),
            ("critical", "second-request"),
        ),
    ],
)
def test_what_two_like_requests_made_is_judged(sent, found):
    wrong = module_of("payment-key-stable").assess(sent)
    assert (wrong and (str(wrong[0]), wrong[1])) == found


def test_it_is_said_whether_the_key_was_another():
    def detail(later: str) -> str:
        sent = SentTwice(("k",), (later,), {"pi_1": "succeeded"}, {"pi_2": "succeeded"}, (None, 200))
        return str(module_of("payment-key-stable").assess(sent)[3])

    assert "with another key. The order has 2 PaymentIntents, 2 of them charged." in detail("l")
    assert "with the same key." in detail("k")
