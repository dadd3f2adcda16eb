"""Refusals and losses of genuine events on the demo shop, told with their causes."""

from __future__ import annotations

import time

import pytest

from stripe_audit import signatures
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import Receipts
from stripe_audit.models import Outcome
from stripe_audit.testing import demo_stage, run_checks

CHECK = "webhook-genuine-event-accepted"


@pytest.mark.parametrize(
    ("defect", "paths", "told"),
    [
        ("sub-route-shares-secret", {"/payment-failed"}, "signed with the secret of /api/webhooks/stripe:"),
        ("webhook-redirected", {""}, "webhook-url-not-redirected"),
        ("webhook-path-missing", {""}, "webhook-endpoint-reachable"),
        ("webhook-behind-csrf", None, "is answered 403: the sender may be refused"),
    ],
)
def test_the_cause_of_a_refusal_is_told(defect, paths, told):
    with demo_stage(defects=[defect]) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    if paths is None:
        assert (result.outcome, result.findings) == (Outcome.INCONCLUSIVE, ())
        assert told in (result.reason or "")
    else:
        assert {finding.route for finding in result.findings} == {f"webhook /api/webhooks/stripe{p}" for p in paths}
        assert all(told in finding.detail for finding in result.findings)


def test_a_body_that_is_written_again_is_told_with_the_writer():
    with demo_stage(defects=["body-parsed-first"]) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert len(result.findings) == 5
    assert all(
        "over the body as JavaScript's JSON.stringify writes it" in finding.detail for finding in result.findings
    )


class AnotherFlawAtEachRoute(Receipts):
    """Each endpoint refuses genuine events for a reason of its own."""

    def verified(self, route, body, signature):
        if route == "invoice-paid":  # it has read the stream before, and hashes what is left of it
            try:
                signatures.verify(b"", signature or "", self.secret(route), now=time.time())
            except signatures.SignatureError:
                raise Refusal(400, "bad_signature", "Not valid.") from None
            return self.parsed(body)
        if route == "subscription-updated" and int((signature or "t=0")[2:12]) < time.time() + 3600:
            raise Refusal(400, "bad_signature", "Too old.")
        return super().verified(route, body, signature)

    def secret(self, route):
        config = self.orders.config
        wrong = {
            "": f" {config.webhook_secrets['']}",
            "payment-succeeded": config.publishable_key,
            "payment-failed": "null",
        }
        return wrong.get(route) or super().secret(route)


class FiveFlaws(Shop):
    receipts_type = AnotherFlawAtEachRoute


def test_of_several_causes_each_endpoint_is_told_its_own(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "flawed", FiveFlaws)
    with demo_stage(variant="flawed") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    told = {str(one.route).rpartition("/")[2]: one.title.partition(": ")[2] for one in result.findings}
    assert told == {
        "stripe": "its secret has white space or quotation marks around it",
        "payment-succeeded": "what it verifies with is no signing secret",
        "payment-failed": "it has no secret, or a placeholder",
        "invoice-paid": "the body is altered before it is verified",
        "subscription-updated": "every event counts as old",
    }


class AcknowledgesAll(Shop):
    async def webhook(self, route, request):
        await request.read()
        return self.acknowledged(200)


def test_a_target_that_acknowledges_everything_is_recognised(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "hollow", AcknowledgesAll)
    with demo_stage(variant="hollow", patience=0.3) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert {one.title for one in result.findings} == {"Everything is acknowledged, and nothing is processed"}


class LeavesOrdersToOthers(Shop):
    """The main endpoint acknowledges what the sub-routes act upon: nothing is lost."""

    async def webhook(self, route, request):
        if route:
            return await super().webhook(route, request)
        body = await request.read()
        self.receipts.verified(route, body, request.headers.get("Stripe-Signature"))
        return self.acknowledged(200)


class FailsWithoutTheObject(Shop):
    """Asks Stripe for the invoice, which is made up, and fails: no flaw of the endpoint."""

    async def webhook(self, route, request):
        answer = await super().webhook(route, request)
        return self.refused(Refusal(500, "internal", "x")) if route == "invoice-paid" else answer


def test_an_endpoint_may_leave_the_order_to_another(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "leaves", LeavesOrdersToOthers)
    with demo_stage(variant="leaves", patience=0.3) as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert result.outcome is Outcome.PASSED, result.findings
    assert any("leaves the order to another endpoint" in note for note in result.notes)


def test_a_handler_that_misses_a_made_up_object_is_no_finding(monkeypatch):
    monkeypatch.setitem(serving.VARIANTS, "fails", FailsWithoutTheObject)
    with demo_stage(variant="fails") as stage:
        result = run_checks([CHECK], stage)[CHECK]
    assert (result.outcome, result.findings) == (Outcome.INCONCLUSIVE, ())
    assert "made up" in (result.reason or "")
