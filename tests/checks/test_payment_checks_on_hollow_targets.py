"""Targets behind which there is nothing: whatever they answer, no check of payments passes, and none breaks."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from stripe_audit.catalog import load_catalog
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.models import Outcome
from stripe_audit.phases import phase_of
from stripe_audit.testing import demo_stage, run_checks

PRETENDED = {
    "clientSecret": "pi_none_secret_none",
    "paymentIntentId": "pi_none",
    "customerId": "cus_none",
    "status": "paid",
    "amount": 1999,
    "currency": "usd",
    "fulfilled": 1,
    "products": [{"id": "mug", "price": "19.99", "currency": "usd"}],
}


def hollow(status: int, body: dict[str, Any]) -> type[Shop]:
    class Hollow(Shop):
        async def answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
            await request.read()
            return web.json_response(body, status=status)

    return Hollow


@pytest.mark.parametrize(
    ("status", "body"), [(200, {}), (400, {}), (500, {}), (200, PRETENDED)], ids=["200", "400", "500", "pretending"]
)
def test_no_check_of_payments_passes(monkeypatch, status, body):
    monkeypatch.setitem(serving.VARIANTS, "hollow", hollow(status, body))
    catalog = load_catalog()
    ids = [
        identity
        for identity in catalog
        if phase_of(catalog[identity].task).folder in ("payments", "integration")
        if "launch" not in catalog[identity].needs  # which a shop in a thread has not
    ]
    with demo_stage(variant="hollow", patience=0.3) as stage:
        results = run_checks(ids, stage, catalog=catalog)
    told = {identity: (result.outcome, result.reason, result.error) for identity, result in results.items()}
    assert {one[0] for one in told.values()} <= {Outcome.FAILED, Outcome.INCONCLUSIVE}, told
    assert all(result.findings or result.reason for result in results.values())
    if status == 500 or body:
        assert results["payment-intent-created"].outcome is Outcome.FAILED
