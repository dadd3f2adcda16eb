from __future__ import annotations

import pytest

from stripe_audit import trials
from tests.checks.errors.modules import module_of

PLAIN = {"order": "Your payment was declined.", "page": "We fight fraud. Stolen goods are not sold here."}


@pytest.mark.parametrize(
    ("reason", "surfaces", "found"),
    [
        ("stolen_card", PLAIN, []),
        ("stolen_card", {"order": '{"code": "stolen_card"}'}, [("reason", "order")]),
        ("stolen_card", {"mail": "Your card was reported as stolen."}, [("reason", "mail")]),
        ("lost_card", {"order": "This card has been reported lost."}, [("reason", "order")]),
        ("lost_card", {"order": "lost_card"}, [("reason", "order")]),
        ("lost_card", {"order": "We lost contact to the bank that issued it."}, []),
        ("fraudulent", {"page": "We suspect fraud."}, []),  # the page speaks of fraud to everybody
        ("fraudulent", {"order": "FRAUDULENT"}, [("reason", "order")]),
        ("merchant_blacklist", {"order": "merchant_blacklist"}, [("reason", "order")]),
        ("insufficient_funds", {"order": "insufficient_funds"}, []),
        ("insufficient_funds", {"order": '{"last_payment_error": {}}'}, [("raw", "order")]),
    ],
)
def test_what_is_read_after_a_decline_is_judged(reason, surfaces, found):
    check = module_of("decline-reported-safely")
    heard = [trials.Heard("generic_decline", True, PLAIN), trials.Heard(reason, True, surfaces)]
    assert [(wrong.id, wrong.surface) for wrong in check.assess(heard, expects_failed=True)] == found


def test_a_target_that_says_nothing_of_declines_is_found_where_it_has_a_word_for_them():
    check = module_of("decline-reported-safely")
    silent = [trials.Heard("generic_decline", False, PLAIN)]
    assert [wrong.id for wrong in check.assess(silent, expects_failed=True)] == ["told"]
    assert check.assess(silent, expects_failed=False) == []
    some = [trials.Heard("generic_decline", True, PLAIN), trials.Heard("expired_card", False, {})]
    (wrong,) = check.assess(some, expects_failed=True)
    assert wrong.detail.endswith("after expired_card.")


@pytest.mark.parametrize(
    ("text", "found"),
    [("The bank says: too risky.", ["owner"]), ("Your payment was declined.", []), ("The bank said nothing.", [])],
)
def test_what_stripe_tells_the_accounts_owner_is_not_for_customers(text, found):
    """Words that are there after a plain decline, too, are the target's own."""
    plain = trials.Heard("generic_decline", True, {"order": "The bank said nothing."}, "The bank said nothing.")
    told = "The bank said nothing." if "nothing" in text else "The bank says: too risky."
    heard = [plain, trials.Heard("fraud_suspected", True, {"order": text}, told)]
    assert [wrong.id for wrong in module_of("decline-reported-safely").assess(heard, expects_failed=True)] == found
