from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from stripe_audit.context import Context
from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Orders
from stripe_audit.demo.variants import VARIANTS
from stripe_audit.observers.interface import Order, OrderState
from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.trials import OUTAGES, STRIPE_SAYS, Survived
from tests.checks.errors.modules import answered, module_of

CHECK = "stripe-outage-handled"
WELL = Survived(OUTAGES[0], answered(503, '{"error": "try later"}'), "", False, 2, answered(200), True, None)
TRACE = 'Traceback (most recent call last):\n  File "/app/shop.py", line 3, in pay\nValueError'


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"answer": answered(429)}, []),
        ({"answer": answered(200), "is_offered": True}, []),
        ({"answer": answered(200)}, ["answered-ok"]),
        ({"answer": None, "why": "reset"}, ["no-answer"]),
        ({"answer": answered(500, TRACE)}, ["trace"]),
        ({"answer": answered(500, "sk_test_51Abcdefghijklmno")}, ["secret"]),
        ({"answer": answered(500, STRIPE_SAYS)}, ["internals"]),
        ({"answer": answered(500, "read ECONNRESET")}, ["internals"]),
        ({"is_paid": False, "is_new_paid": True}, ["order-stuck"]),
        ({"is_paid": False, "is_new_paid": False, "later": None}, ["not-recovered"]),
        ({"outage": OUTAGES[-1], "silence_s": 0.58}, ["stalled"]),
        ({"outage": OUTAGES[-1], "silence_s": 0.2}, []),
        ({"order": Order("o1", OrderState.UNPAID, "open", fulfilled=0)}, []),
        ({"order": Order("o1", OrderState.PENDING, "pending")}, []),
        ({"order": Order("o1", OrderState.PAID, "paid")}, ["sold"]),
        ({"order": Order("o1", OrderState.UNPAID, "open", fulfilled=1)}, ["sold"]),
    ],
)
def test_what_an_outage_showed_is_judged(changes, found):
    assert [wrong.id for wrong in module_of(CHECK).assess(replace(WELL, **changes))] == found


class Ended:
    """A launched target that is no more."""

    is_running, exit_code = False, 70


def test_a_process_that_ends_is_found(monkeypatch):
    monkeypatch.setattr(Context, "launched", Ended())
    with demo_stage() as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert [(finding.title, str(finding.severity)) for finding in result.findings] == [
        ("A failure at Stripe ends the server", "high")
    ]
    assert "code 70" in result.findings[0].detail


class Nameless(Orders):
    """Passes neither reference nor address on to Stripe, so that the calls of two orders look alike."""

    def intent_params(self, order: Mapping[str, Any]) -> dict[str, Any]:
        params = super().intent_params(order)
        return {name: params[name] for name in ("amount", "currency", "automatic_payment_methods")}


class NamelessShop(Shop):
    orders_type = Nameless


@pytest.mark.parametrize("defects", [(), ("outage-answered-ok",)])
def test_calls_that_look_alike_are_made_to_fail_one_after_the_other(monkeypatch, defects):
    monkeypatch.setitem(VARIANTS, "nameless", NamelessShop)
    with demo_stage(variant="nameless", defects=defects) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert [finding.discriminator for finding in result.findings] == (["answered-ok"] if defects else [])
    assert result.outcome == ("failed" if defects else "passed"), result.reason


class Prepared(Shop):
    """Offers a payment that was made before: no call of its own fails while it answers."""

    made = b""

    async def create_payment(self, request: web.Request) -> web.Response:
        if not self.made:
            self.made = bytes((await super().create_payment(request)).body)
        return web.Response(body=self.made, content_type="application/json")


def test_a_target_that_asks_stripe_nothing_meanwhile_is_not_judged(monkeypatch):
    monkeypatch.setitem(VARIANTS, "prepared", Prepared)
    with demo_stage(variant="prepared") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert (result.outcome, result.findings) == ("inconclusive", ())
    assert "could be made to fail" in (result.reason or "")
