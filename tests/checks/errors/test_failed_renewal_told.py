from __future__ import annotations

import pytest

from stripe_audit.observers.interface import Mail
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.errors.modules import module_of


def mail(body: str, subject: str = "Declined") -> Mail:
    return Mail("shop@example.com", ("ada@example.com",), subject, body)


@pytest.mark.parametrize(
    ("mails", "found"),
    [
        ([], ["untold"]),
        ([mail("Pay here: https://shop.example/pay")], []),
        ([mail("Pay here: /checkout?order=7"), mail("Until then: /help", "Reminder")], []),
        ([mail("We will try again.")], ["link"]),
        ([mail("/pay"), mail("/pay")], ["repeated"]),
    ],
)
def test_mails_after_a_declined_renewal_are_judged(mails, found):
    assert [wrong.id for wrong in module_of("failed-renewal-told").assess(mails)] == found


def test_a_shop_that_sells_trials_alone_is_not_judged():
    plans = [{"id": "tasting", "price": "17.99", "currency": "eur", "trial": True}]
    with demo_stage(flags={"target": {"plans": plans}}) as stage:
        result = run_checks(["failed-renewal-told"], stage)["failed-renewal-told"]
    assert (result.outcome, result.setting) == ("skipped", "target.plans")
