from __future__ import annotations

import pytest

from stripe_audit import WebhookRoute
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import module_of

CHECK = "webhook-event-names-exist"
TYPES = {"invoice.paid", "charge.failed"}


def route(*events: str) -> WebhookRoute:
    return WebhookRoute("main", "/hook", None, events)


@pytest.mark.parametrize(
    ("events", "unknown"),
    [
        (["invoice.paid", "charge.failed"], []),
        (["*"], []),
        ([], []),
        (["v1.invoice.paid", "v2.core.account.updated"], []),
        (["invoice.payed", "invoice.paid"], ["invoice.payed"]),
    ],
)
def test_declared_names_that_do_not_exist(events, unknown):
    assert [name for _, name in module_of(CHECK).unknown([route(*events)], TYPES)] == unknown


@pytest.mark.parametrize(
    ("named", "events", "in_vain"),
    [
        (["invoice.paid"], ["invoice.paid"], []),
        (["invoice.paid", "charge.failed", "charge.failed"], ["invoice.paid"], ["charge.failed"]),
        (["charge.failed"], ["*"], []),
        (["charge.failed"], [], []),
    ],
)
def test_types_that_are_handled_and_never_come(named, events, in_vain):
    assert module_of(CHECK).handled_in_vain(named, [route(*events)]) == in_vain


def test_a_misspelt_name_in_the_settings_is_found():
    names = ("main", "payment-succeeded", "payment-failed", "invoice-paid", "subscription-updated")
    hooks = [{"name": name, "path": f"/{name}", "secret": {"generated": True}, "events": ["*"]} for name in names]
    hooks[0]["events"] = ["payment_intent.suceeded"]
    with demo_stage(flags={"target": {"routes": {"webhook": hooks}}}) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    (finding,) = result.findings
    assert "Did you mean payment_intent.succeeded?" in finding.detail
