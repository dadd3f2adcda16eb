"""A real account in test mode, played by an emulator that the audit knows by its address and its keys alone."""

from __future__ import annotations

import asyncio
import json

import pytest

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.audit.preflight import State, preflight
from stripe_audit.catalog import Selection
from stripe_audit.demo.project import write_project
from stripe_audit.errors import Skip, StripeError
from stripe_audit.keys import make_test_keys
from stripe_audit.models import Outcome
from stripe_audit.settings import load_settings
from stripe_audit.stripe_backend.account import AccountStripe, RealAccount
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

KEYS = make_test_keys(5)
CHECKS = (
    "webhook-genuine-event-accepted",
    "webhook-signature-verified",
    "payment-status-updated",
    "payment-recorded",
    "webhook-duplicates-harmless",
    "stripe-outage-handled",
)


@pytest.fixture(scope="module")
def elsewhere():
    """What stands for Stripe. It has no webhook endpoints: the audit delivers the account's events."""
    stripe = EmbeddedStripe(KEYS, seed=5)
    stripe.start()
    yield stripe
    stripe.stop()


@pytest.fixture
def account(elsewhere):
    account = RealAccount(KEYS.audit_secret, KEYS.publishable, address=elsewhere.address.url)
    account.start()
    yield account
    account.stop()


def audited(folder, elsewhere, *, defects=(), key=KEYS.audit_secret):
    stripe = {
        "mode": "test",
        "secret_key": key,
        "publishable_key": KEYS.publishable,
        "api_base": elsewhere.address.url,
    }
    settings = load_settings(write_project(folder, defects=defects), environ={}, flags={"stripe": stripe})
    return Audit(settings, Options(Selection(checks=CHECKS))).run()


def test_the_checks_run_against_it(tmp_path, elsewhere):
    report = audited(tmp_path, elsewhere)
    outcomes = {result.check: result.outcome for result in report.results}
    assert outcomes.pop("stripe-outage-handled") is Outcome.SKIPPED
    assert set(outcomes.values()) == {Outcome.PASSED}, report.results
    assert report.target.stripe == "a real account in test mode"
    listed = elsewhere.control("GET", "journal?caller=target")["calls"] or elsewhere.control("GET", "journal")["calls"]
    assert any(call["path"] == "/v1/payment_intents" for call in listed)


def test_a_defect_is_found_with_it(tmp_path, elsewhere):
    report = audited(tmp_path, elsewhere, defects=["succeeded-ignored"])
    assert {result.check: result.outcome for result in report.results}["payment-status-updated"] is Outcome.FAILED


def test_what_was_begun_and_never_paid_is_cancelled(account, elsewhere):
    intent = account.client.own("POST", "/v1/payment_intents", {"amount": 1999, "currency": "usd"})["id"]
    account.follow(intent)
    account.stop()
    assert account.client.own("GET", f"/v1/payment_intents/{intent}", {})["status"] == "canceled"


def test_events_are_kept_back_released_in_an_order_and_repeated(account):
    received = []

    class Endpoint:
        def __init__(self) -> None:
            import http.server
            import threading

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["type"])
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

                def log_message(self, *_):
                    pass

            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
            self.thread.start()

    endpoint = Endpoint()
    try:
        account.register(f"http://127.0.0.1:{endpoint.server.server_port}/hook", "whsec_x", [])
        asyncio.run(_reorder(account, received))
    finally:
        account.stop()
        endpoint.server.shutdown()
        endpoint.thread.join()
        endpoint.server.server_close()


async def _reorder(account, received):
    stripe = AccountStripe(account)
    made = await stripe.post(
        "/v1/payment_intents", amount=1999, currency="usd", automatic_payment_methods={"enabled": True}
    )
    await stripe.hold(object=made["id"])
    answer = await stripe.confirm(made["client_secret"], "pm_card_visa")
    assert answer.state == "succeeded", answer
    assert {one.state for one in await stripe.deliveries(made["id"])} == {"held"}
    assert received == []
    types = ["payment_intent.succeeded", "payment_intent.created"]
    await stripe.release(made["id"], types=types)
    assert received == types
    succeeded = next(event for event in await stripe.events(made["id"]) if event["type"] == types[0])
    attempts = await stripe.resend(succeeded["id"], copies=3, concurrent=True)
    assert [attempt.status for attempt in attempts] == [200] * 3
    await stripe.release(made["id"])
    assert await stripe.drain(5)
    assert "charge.succeeded" in received
    with pytest.raises(Skip):
        await stripe.journal()
    with pytest.raises(Skip):
        await stripe.fault({"kind": "slow"})


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sk_live_" + "a1B2" * 8, "a live key"),
        ("whsec_" + "a1B2" * 8, "no test key"),
        ("", "has no value"),
        (None, "has no value"),
    ],
)
def test_only_a_test_key_is_taken(key, told):
    with pytest.raises(StripeError) as error:
        RealAccount(key, None)
    assert told in error.value.message and "a1B2" not in error.value.message


def test_an_account_that_says_it_is_live_is_refused(monkeypatch, account):
    monkeypatch.setattr(account.client, "own", lambda *_: {"livemode": True})
    with pytest.raises(StripeError, match="live account"):
        account.start()


def test_a_payment_of_another_account_ends_all_writes(tmp_path, elsewhere):
    """The target is given a key that the emulator of its own knows nothing of, so that no payment comes about here."""
    other = EmbeddedStripe(make_test_keys(6), seed=6)
    other.start()
    try:
        path = write_project(tmp_path)
        text = path.read_text().replace('STRIPE_API_BASE: "{stripe_url}"', f'STRIPE_API_BASE: "{other.address.url}"')
        text = text.replace('STRIPE_SECRET_KEY: "{secret_key}"', f'STRIPE_SECRET_KEY: "{make_test_keys(6).secret}"')
        path.write_text(text)
        stripe = {
            "mode": "test",
            "secret_key": KEYS.audit_secret,
            "publishable_key": KEYS.publishable,
            "api_base": elsewhere.address.url,
        }
        settings = load_settings(path, environ={}, flags={"stripe": stripe})
        report = Audit(settings, Options(Selection(checks=("payment-recorded",)))).run()
    finally:
        other.stop()
    assert report.target.reached, report.notes
    assert report.target.allowed in ("none", "read", "probe"), report.target
    assert report.results[0].outcome is Outcome.SKIPPED


def test_the_preflight_asks_it(tmp_path, elsewhere):
    stripe = {"mode": "test", "secret_key": KEYS.audit_secret, "api_base": elsewhere.address.url}
    path = write_project(tmp_path)
    settings = load_settings(path, environ={}, flags={"stripe": stripe})
    (line,) = [line for line in preflight(settings) if line.what == "stripe"]
    assert line.state is State.OK, line
    stripe["secret_key"] = "sk_live_" + "a1B2" * 20
    settings = load_settings(path, environ={}, flags={"stripe": stripe})
    (line,) = [line for line in preflight(settings) if line.what == "stripe"]
    assert line.state is State.WRONG and "live key" in line.told and "a1B2" not in line.told


def test_nothing_listens_is_told():
    account = RealAccount(KEYS.secret, None, address="http://127.0.0.1:1")
    with pytest.raises(StripeError, match="cannot be reached"):
        account.start()
