from __future__ import annotations

from stripe_audit.trials import Submitted
from tests.checks.payments.samples import an_intent, judgment


def test_two_intents_that_took_money_are_a_double_charge():
    twice = Submitted("in-turn", "submitted again", (an_intent(), an_intent(id="pi_2")))
    title, detail = judgment("double-submit-charges-once").assess(twice)
    assert title == "An order is charged twice"
    assert "charged 2 times: 1999 usd and 1999 usd" in detail


def test_one_charge_is_right_and_none_is_no_double_charge():
    module = judgment("double-submit-charges-once")
    assert module.assess(Submitted("in-turn", "submitted again", (an_intent(),))) is None
    assert module.assess(Submitted("in-turn", "submitted again")) is None
