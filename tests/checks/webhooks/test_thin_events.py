"""An endpoint for thin events, as the official SDK parses them, is met with thin events and given no bad verdict."""

from __future__ import annotations

import time

import stripe

from stripe_audit.catalog import load_catalog
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.models import Outcome
from stripe_audit.phases import phase_of
from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.webhooks import body_of, genuine_header, is_thin, thin_event

TYPE = "v2.core.account.updated"


class TakesThinEvents(Shop):
    """One route is for notifications of accounts, and refuses what is none."""

    async def webhook(self, route, request):
        if route != "subscription-updated":
            return await super().webhook(route, request)
        body, header = await request.read(), request.headers.get("Stripe-Signature", "")
        client = stripe.StripeClient("sk_test_1", base_addresses={})
        try:
            client.parse_event_notification(body, header, self.receipts.secret(route))
        except Exception:  # the SDK trips over JSON that is no object
            raise Refusal(400, "bad_signature", "The notification is not valid.") from None
        return self.acknowledged(200)


def test_the_sdk_parses_what_is_made_up():
    body = body_of(thin_event(TYPE, "tag"))
    header = genuine_header(body, "whsec_x", int(time.time()))
    event = stripe.StripeClient("sk_test_1").parse_event_notification(body, header["Stripe-Signature"], "whsec_x")
    assert event.type == TYPE
    assert is_thin(TYPE) and not is_thin("customer.created")


def test_no_check_of_webhooks_fails_on_an_endpoint_for_thin_events(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "thin", TakesThinEvents)
    catalog = load_catalog()
    ids = [identity for identity in catalog if phase_of(catalog[identity].task).folder == "webhooks"]
    names = ("main", "payment-succeeded", "payment-failed", "invoice-paid", "subscription-updated")
    paid, failed = "payment_intent.succeeded", "payment_intent.payment_failed"
    types = (["*"], [paid], [failed], ["invoice.paid"], [TYPE])
    paths = ["/api/webhooks/stripe", *(f"/api/webhooks/stripe/{name}" for name in names[1:])]
    hooks = [
        {"name": name, "path": path, "secret": {"generated": True}, "events": kinds}
        for name, path, kinds in zip(names, paths, types, strict=True)
    ]
    with demo_stage(variant="thin", patience=8, flags={"target": {"routes": {"webhook": hooks}}}) as stage:
        results = run_checks(ids, stage, catalog=catalog)
    for result in results.values():
        assert result.outcome is Outcome.PASSED, (result.check, result.reason, result.error, result.findings)
