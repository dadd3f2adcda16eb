from __future__ import annotations

from dataclasses import replace

import pytest

from stripe_audit.observers.interface import Mail, Order, OrderState
from stripe_audit.trials import HandlingFailed, MailLost
from tests.checks.errors.modules import module_of

PAID = Order("o1", OrderState.PAID, "paid", fulfilled=1)
OPEN = Order("o1", OrderState.UNPAID, "open", fulfilled=0)
RECEIPT = Mail("shop@example.com", ("ada@example.com",), "Receipt", "Thank you.")
TAKEN = HandlingFailed(1, True, True, (200,), PAID)
SOUND = MailLost(True, False, TAKEN, (RECEIPT,))


@pytest.mark.parametrize(
    ("lost", "found"),
    [
        (SOUND, []),
        (replace(SOUND, mails=(RECEIPT, replace(RECEIPT, subject="On its way"))), []),
        (replace(SOUND, has_waited=True), ["waited"]),
        (replace(SOUND, mails=()), ["lost"]),
        (replace(SOUND, mails=(RECEIPT, RECEIPT)), ["repeated"]),
        (replace(SOUND, handling=replace(TAKEN, order=OPEN)), ["undone"]),
        (replace(SOUND, handling=replace(TAKEN, order=replace(PAID, fulfilled=2))), ["twice"]),
        (replace(SOUND, handling=HandlingFailed(1, False, True, (500,), PAID), has_waited=True), ["refused"]),
        (
            replace(SOUND, handling=HandlingFailed(1, False, True, (500,), OPEN), mails=()),
            ["refused", "undone", "lost"],
        ),
    ],
)
def test_how_the_event_went_is_judged(lost, found):
    assert [wrong.id for wrong in module_of("webhook-outlives-mail").assess(lost, 4.0)] == found
