from __future__ import annotations

import pytest

from tests.checks.payments.samples import a_payment, an_intent, judgment

OPEN = an_intent(id="pi_2", status="requires_payment_method")
CANCELED = an_intent(id="pi_2", status="canceled")


@pytest.mark.parametrize(
    ("intent", "rivals", "expected"),
    [
        (an_intent(), [], []),
        (an_intent(), [CANCELED], []),
        (an_intent(), [OPEN], ["several"]),
        (an_intent(amount=1998), [], ["amount"]),
        (an_intent(currency="eur"), [], ["amount"]),
        (an_intent(client_secret="pi_1_secret_b"), [], ["secret"]),
        (an_intent(client_secret="pi_1_secret_b", amount=1), [OPEN], ["amount", "secret", "several"]),
    ],
)
def test_what_is_wrong_with_what_was_created(intent, rivals, expected):
    wrong = judgment("payment-intent-created").assess(a_payment(), intent, rivals)
    assert [one.id for one in wrong] == expected
    assert all(one.title and one.detail for one in wrong)


def test_it_counts_the_intents_that_can_be_paid():
    (wrong,) = judgment("payment-intent-created").assess(a_payment(), an_intent(), [OPEN, CANCELED, OPEN])
    assert "3 PaymentIntents" in wrong.detail
