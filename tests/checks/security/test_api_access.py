"""What strangers are shown, what requests may set, and what nonsense breaks: the judging parts."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from stripe_audit import Item, Payment
from stripe_audit.observers.interface import OrderState
from stripe_audit.trials import Answered
from tests.checks.modules import answered, module_of

ITEM = Item("mug", Decimal("19.99"), "usd")


def payment(order: str = "sa1-001", sent: str = "sa1-001", intent: str = "pi_3OxYzQ7mLw2KpVn") -> Payment:
    return Payment(
        order, intent, f"{intent}_secret_x", 1999, "usd", "sa1-001@example.com", ITEM, 1, answered(200), {"order": sent}
    )


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ('{"orders": []}', False),
        ('{"orders": [{"id": "sa1-001"}]}', True),
        ('[{"email": "sa1-001@example.com"}]', True),
        ('["pi_3OxYzQ7mLw2KpVn"]', True),
        ('["pi_1AAAAAAAAAAAAA", "pi_2BBBBBBBBBBBBB"]', False),
        ('["pi_1AAAAAAAAAAAAA", "pi_2BBBBBBBBBBBBB", "pi_3CCCCCCCCCCCCC"]', True),
        ("<html>pi_your_intent_here</html>", False),
    ],
)
def test_what_a_list_shows(text, is_told):
    assert bool(module_of("payments-not-listed").assess(text, payment())) is is_told


SHOWN = '{"id": "ORDER", "amount": 1999, "status": "open"}'


@pytest.mark.parametrize(
    ("orders", "sent", "has_login", "title"),
    [
        (("sa1-001", "sa1-002"), "sa1-001", False, None),  # the audit's own references
        (("1041", "1042"), "sa1-001", False, "Orders can be counted and read by everybody"),
        (("ORD-1041", "ORD-1050"), "sa1-001", False, "Orders can be counted and read by everybody"),
        (("1041", "9912"), "sa1-001", False, None),
        (("6f1c9a", "b2e071"), "sa1-001", False, None),
        (("sa1-001", "sa1-002"), "sa1-001", True, "An order is shown without the login"),
    ],
)
def test_an_order_that_a_stranger_is_shown(orders, sent, has_login, title):
    first, second = (payment(order, sent) for order in orders)
    answer = answered(200, SHOWN.replace("ORDER", orders[0]))
    told = module_of("payment-hidden-from-others").assess_order(answer, first, second, has_login=has_login)
    assert (told and told[0]) == title


def test_a_page_that_everybody_gets_is_no_order():
    assess = module_of("payment-hidden-from-others").assess_order
    assert assess(answered(200, "<html>log in"), payment("1"), payment("2"), has_login=True) is None


def call(**params):
    return SimpleNamespace(params=params)


@pytest.mark.parametrize(
    ("calls", "names"),
    [
        ([], []),
        ([call(amount="1999", capture_method="automatic")], []),
        ([call(capture_method="manual")], ["capture_method"]),
        ([call(application_fee_amount="1")], ["application_fee_amount"]),
        ([call(transfer_data={"destination": "acct_1StripeAuditOther"})], ["transfer_data"]),
        ([call(transfer_data={"destination": "acct_1TheShopsOwn"}, customer="cus_own")], []),
        ([call(customer="cus_StripeAuditOther", on_behalf_of="acct_1StripeAuditOther")], ["on_behalf_of", "customer"]),
    ],
)
def test_parameters_that_were_passed_on(calls, names):
    assert [name for name, _ in module_of("payment-fields-not-assignable").passed_on(calls)] == names


@pytest.mark.parametrize(
    ("state", "fulfilled", "is_done"),
    [(OrderState.UNPAID, 0, False), (OrderState.PAID, 0, True), (OrderState.UNPAID, 1, True), (None, None, False)],
)
def test_an_order_that_counts_as_paid(state, fulfilled, is_done):
    assert module_of("payment-fields-not-assignable").is_done(state, fulfilled) is is_done


@pytest.mark.parametrize(
    ("one", "is_trouble"),
    [
        (Answered("order /o", "a dot", answered(404)), False),
        (Answered("order /o", "a dot", answered(200)), False),
        (Answered("order /o", "a dot", answered(500)), True),
        (Answered("order /o", "a content type that does not exist", answered(501)), False),
        (Answered("order /o", "a dot", None, "the connection was reset"), True),
        (Answered("order /o", "JSON that is nested 20,000 deep", None, "the connection was reset"), False),
        (Answered("order /o", "JSON that is nested 20,000 deep", answered(500)), True),
    ],
)
def test_what_breaks(one, is_trouble):
    assert bool(module_of("bad-requests-survived").troubles([one])) is is_trouble
