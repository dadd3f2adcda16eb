"""Targets behind which there is nothing: whatever they answer, no check of endpoints passes, unless what it says of the
target is true all the same."""

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

OF_THE_ACCOUNT = {
    *("webhook-endpoint-registered", "webhook-events-subscribed", "webhook-event-names-exist"),
    "webhook-scope-right",
    "paid-invoice-counted-once",  # the shop is told of paid invoices by one type of event alone
}
"""Of Stripe's account and the files, whatever the server does."""
ALSO_TRUE = OF_THE_ACCOUNT | {
    *("env-keys-present", "env-keys-test-mode", "env-keys-consistent", "webhook-secret-well-formed"),
    *("api-keys-well-formed", "env-files-not-mixed", "env-file-protected"),
    *("secrets-not-in-source", "secrets-not-in-history", "webhook-service-reached", "webhook-event-names-exist"),
    *("stripe-sdk-patched", "server-clock-right", "stripe-cli-listens"),
}
"""The files are sound, whatever the server does."""

PRETENDED = {"clientSecret": "pi_none_secret_none", "paymentIntentId": "pi_none", "status": "open", "ok": True}
PAGE = "<!doctype html><title>Welcome</title>"

WITHOUT_ORDERS = {"observers": {"order": None}, "target": {"routes": {"create_payment": None, "order": None}}}
"""A target of which nothing is declared but its webhooks and health routes."""


def hollow(status: int, body: dict[str, Any] | str, *, below: str = "/") -> type[Shop]:
    class Hollow(Shop):
        async def answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
            if not request.path.startswith(below):
                return await super().answered(request, handler)
            await request.read()
            if isinstance(body, str):
                return web.Response(status=status, text=body, content_type="text/html")
            return web.json_response(body, status=status)

    return Hollow


@pytest.mark.parametrize(
    ("status", "body", "flags"),
    [
        (200, {"ok": True}, {}),
        (200, PRETENDED, {}),
        (400, {}, {}),
        (200, {"ok": True}, WITHOUT_ORDERS),
        (200, PAGE, WITHOUT_ORDERS),
        (302, "", WITHOUT_ORDERS),
        (401, {}, WITHOUT_ORDERS),
        (404, PAGE, WITHOUT_ORDERS),
        (500, {}, WITHOUT_ORDERS),
    ],
)
def test_no_check_of_endpoints_passes(monkeypatch, status, body, flags):
    monkeypatch.setitem(serving.VARIANTS, "hollow", hollow(status, body))
    catalog = load_catalog()
    ids = [identity for identity in catalog if phase_of(catalog[identity].task).folder in ("environment", "webhooks")]
    with demo_stage(variant="hollow", patience=0.2, flags=flags) as stage:
        results = run_checks(ids, stage, catalog=catalog)
    passed = {identity for identity, result in results.items() if result.outcome is Outcome.PASSED} - ALSO_TRUE
    is_redirect, is_nothing = status == 302, status == 404
    expected = set() if is_redirect or is_nothing else {"webhook-url-not-redirected"}
    assert passed == expected, {i: (r.outcome, r.reason, r.findings) for i, r in results.items() if i in passed}
    assert {i: r.error for i, r in results.items() if r.outcome is Outcome.ERRORED} == {}
    assert all(result.findings or result.reason for i, result in results.items() if i not in passed | ALSO_TRUE)


@pytest.mark.parametrize(("status", "lost"), [(200, True), (400, False), (403, False)])
def test_payments_that_work_do_not_hide_hollow_webhook_endpoints(monkeypatch, status, lost):
    monkeypatch.setitem(serving.VARIANTS, "hollow", hollow(status, {"received": True}, below="/api/webhooks/stripe"))
    catalog = load_catalog()
    ids = [identity for identity in catalog if phase_of(catalog[identity].task).folder == "webhooks"]
    with demo_stage(variant="hollow", patience=0.2) as stage:
        results = run_checks(ids, stage, catalog=catalog)
    judged = {identity: result.outcome for identity, result in results.items() if identity not in OF_THE_ACCOUNT}
    assert set(judged.values()) == {Outcome.FAILED, Outcome.INCONCLUSIVE}, judged
    genuine = results["webhook-genuine-event-accepted"]
    if status == 403:  # it may be an allow-list of Stripe's addresses
        assert genuine.outcome is Outcome.INCONCLUSIVE
    else:
        assert {finding.discriminator for finding in genuine.findings} == {"lost" if lost else "refused"}
    assert results["webhook-signature-verified"].outcome is Outcome.INCONCLUSIVE
    assert results["webhook-events-handled"].outcome is Outcome.FAILED
