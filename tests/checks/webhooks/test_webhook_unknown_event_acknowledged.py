from __future__ import annotations

import pytest

from stripe_audit import Severity, webhooks
from tests.checks.modules import module_of


@pytest.mark.parametrize(
    ("declared", "refusals", "severity"),
    [
        ((), [400], Severity.MEDIUM),
        (("*",), [400], Severity.MEDIUM),
        (("invoice.paid", "payment_intent.succeeded"), [400], Severity.LOW),
        (("invoice.paid", "payment_intent.succeeded"), [400, 500], Severity.MEDIUM),
        (("invoice.paid",), [400], None),
        (("invoice.paid",), [500], None),
    ],
)
def test_refusals_weigh_what_stripe_can_send(declared, refusals, severity):
    assert module_of("webhook-unknown-event-acknowledged").assess(declared, refusals) is severity


def test_the_rare_types_exist_and_the_invented_one_does_not():
    module = module_of("webhook-unknown-event-acknowledged")
    assert set(module.RARE) <= set(webhooks.event_types())
    assert module.INVENTED not in webhooks.event_types()
