from __future__ import annotations

import pytest

from stripe_audit.observers.interface import Mail
from tests.checks.errors.modules import module_of


def mail(subject: str, body: str = "") -> Mail:
    return Mail("shop@example.com", ("ada@example.com",), subject, body)


@pytest.mark.parametrize(
    ("mails", "by_stripe", "found"),
    [
        ([mail("Receipt")], False, []),
        ([mail("Receipt"), mail("On its way")], False, []),
        ([], True, []),
        ([], False, ["receipt"]),
        ([mail("Receipt"), mail("Receipt")], False, ["repeated"]),
        ([mail("Receipt"), mail("Receipt")], True, ["repeated"]),
    ],
)
def test_mails_after_a_success_are_judged(mails, by_stripe, found):
    assert [wrong.id for wrong in module_of("customer-notified").assess_paid(mails, by_stripe=by_stripe)] == found


@pytest.mark.parametrize(
    ("mails", "found"),
    [
        ([mail("Declined", "Try again: /checkout?order=7")], []),
        ([mail("Declined", "Versuchen Sie es hier: https://shop.example/pay/7")], []),
        ([mail("Declined", "Your payment and/or card was declined.")], ["link"]),
        ([], ["decline"]),
        ([mail("Declined", "https://shop.example"), mail("Declined", "https://shop.example")], ["repeated"]),
    ],
)
def test_mails_after_a_decline_are_judged(mails, found):
    assert [wrong.id for wrong in module_of("customer-notified").assess_declined(mails)] == found


def test_a_way_to_try_again_that_leads_nowhere_is_found():
    (wrong,) = module_of("customer-notified").assess_declined([mail("Declined", "/pay/7?k=1")], ["/pay/7?k=1"])
    assert (wrong.id, wrong.detail) == ("dead", "The mail after a decline leads to /pay/7, and nothing is there.")
