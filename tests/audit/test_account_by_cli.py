"""The official Stripe CLI beside a real account that an emulator plays: it listens, it triggers, and it ends."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stripe_audit import signatures
from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.catalog import Selection
from stripe_audit.demo.project import write_project
from stripe_audit.keys import make_test_keys
from stripe_audit.models import Effect, Outcome
from stripe_audit.settings import load_settings
from stripe_audit.stripe_backend.account import AccountStripe, RealAccount
from stripe_audit.stripe_backend.account.sending import Queue
from stripe_audit.stripe_backend.embedded import EmbeddedStripe
from tests.conftest import stripe_cli

KEYS = make_test_keys(7)
OTHER = "whsec_" + "o" * 32


@pytest.fixture(scope="module")
def elsewhere():
    stripe = EmbeddedStripe(KEYS, seed=7)
    stripe.start()
    yield stripe
    stripe.stop()


@pytest.fixture(autouse=True)
def nothing_but_the_loopback(monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def on_path(monkeypatch, tmp_path_factory):
    binary = stripe_cli()
    assert binary is not None
    folder = tmp_path_factory.mktemp("cli")
    (folder / "stripe").symlink_to(binary)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "stripe"


def until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def running(text: str) -> dict[int, tuple[bytes, bytes]]:
    """Command line and environment of what has a text in its command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line, env = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            is_alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if is_alive and text.encode() in line:
            found[int(entry.name)] = (line, env)
    return found


class Endpoint:
    """What came to each of its paths: body and signature."""

    def __enter__(self) -> Endpoint:
        received: dict[str, list[tuple[bytes, str]]] = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.setdefault(self.path, []).append((body, self.headers["Stripe-Signature"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.received = received
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def types(self, path: str) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.received.get(path, [])]


@pytest.mark.node
def test_what_the_cli_hears_goes_to_the_target_and_can_be_kept_back(elsewhere, on_path, monkeypatch):
    account = RealAccount(KEYS.audit_secret, KEYS.publishable, address=elsewhere.address.url, cli=str(on_path))
    heard = []
    hear = account.queue.hear
    monkeypatch.setattr(account._listener, "_heard", lambda *given: (heard.append(given), hear(*given)))
    monkeypatch.setattr(Queue, "_poll", lambda _: None)  # nothing is asked for: what comes was heard
    with Endpoint() as endpoint:
        account.start()
        try:
            assert account.notes == ()
            ((line, env),) = running(f"{on_path}\0listen").values()
            assert KEYS.audit_secret.encode() not in line and KEYS.audit_secret.encode() in env
            account.register(endpoint.url + "/cli", account.listening_secret, [])
            account.register(endpoint.url + "/other", OTHER, [])
            asyncio.run(_pay(account, endpoint, heard))
        finally:
            account.stop()
        assert not running(f"{on_path}\0listen")
    by_type = {json.loads(body)["type"]: (body, signature) for _, body, signature in heard}
    for body, signature in endpoint.received["/cli"][:1]:
        assert (body, signature) == by_type["payment_intent.created"], "as the CLI sent it"
    for body, signature in endpoint.received["/other"]:
        signatures.verify(body, signature, OTHER, now=time.time())
    assert not account.listening_secret


async def _pay(account, endpoint, heard):
    stripe = AccountStripe(account)
    made = await stripe.post("/v1/payment_intents", amount=1999, currency="usd")
    account.follow(made["id"])
    await asyncio.to_thread(until, lambda: endpoint.types("/other") == ["payment_intent.created"])
    await asyncio.to_thread(until, lambda: endpoint.types("/cli") == ["payment_intent.created"])
    await stripe.hold(object=made["id"])
    assert (await stripe.confirm(made["client_secret"], "pm_card_visa")).state == "succeeded"
    await asyncio.to_thread(until, lambda: "payment_intent.succeeded" in [one[0]["type"] for one in heard])
    assert endpoint.types("/cli") == ["payment_intent.created"]
    await stripe.release(made["id"], types=["payment_intent.succeeded"])
    assert endpoint.types("/cli") == ["payment_intent.created", "payment_intent.succeeded"]


@pytest.mark.node
def test_a_launched_target_is_audited_with_the_cli(elsewhere, on_path, tmp_path):
    stripe = {"mode": "test", "secret_key": KEYS.audit_secret, "publishable_key": KEYS.publishable}
    flags = {"stripe": {**stripe, "api_base": elsewhere.address.url}}
    settings = load_settings(write_project(tmp_path), environ={}, flags=flags)
    checks = ("webhook-genuine-event-accepted", "payment-recorded")
    report = Audit(settings, Options(Selection(checks=checks))).run()
    outcomes = {result.check: result.outcome for result in report.results}
    assert set(outcomes.values()) == {Outcome.PASSED}, report.results
    (told,) = [note for note in report.notes if "Stripe CLI" in note]
    assert "invoice.paid" in told and "stay there" in told
    assert not running(f"{on_path}\0listen")


@pytest.mark.node
def test_it_triggers_what_no_call_of_ours_makes_once_and_only_where_writes_are_permitted(elsewhere, on_path):
    account = RealAccount(KEYS.audit_secret, None, address=elsewhere.address.url, cli=str(on_path))

    class Permitting:
        def __init__(self, strongest):
            self.strongest = strongest

        def permits(self, effect):
            return effect <= self.strongest

    try:
        reading = AccountStripe(account, Permitting(Effect.PROBE))
        assert asyncio.run(reading.triggered("customer.created")) is None
        assert account.notes == ()
        writing = AccountStripe(account, Permitting(Effect.WRITE))
        event = asyncio.run(writing.triggered("customer.created"))
        assert (event["type"], event["data"]["object"]["object"]) == ("customer.created", "customer")
        assert asyncio.run(writing.triggered("customer.created")) == event
        assert asyncio.run(writing.triggered("no.such_type")) is None
        assert account.notes == (
            "the Stripe CLI made events in the account (customer.created); its objects stay there",
        )
    finally:
        account.stop()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("echo 'the key rk_test_abcdefghijklmnop1234 may not do that'; exit 1", "may not do that"),
        ("exec sleep 600", "not ready"),
    ],
)
def test_without_a_cli_that_listens_events_are_read_and_the_report_says_so(
    elsewhere, tmp_path, monkeypatch, program, told
):
    fake = tmp_path / "stripe"
    fake.write_text(f"#!/bin/sh\n{program}\n")
    fake.chmod(0o700)
    monkeypatch.setattr("stripe_audit.stripe_backend.account.cli._READY_S", 0.3)
    account = RealAccount(KEYS.audit_secret, KEYS.publishable, address=elsewhere.address.url, cli=str(fake))
    with Endpoint() as endpoint:
        account.start()
        try:
            (note,) = account.notes
            assert "stripe listen does not become ready" in note and "read from it instead" in note
            assert "abcdefghijklmnop" not in note
            if told != "not ready":
                assert told in note
            account.register(endpoint.url + "/hook", OTHER, [])
            made = account.client.own("POST", "/v1/payment_intents", {"amount": 1999, "currency": "usd"})
            account.follow(made["id"])
            until(lambda: endpoint.types("/hook") == ["payment_intent.created"])
        finally:
            account.stop()
    assert not running(str(fake))


def test_an_older_cli_is_asked_without_the_flag_that_it_does_not_know(elsewhere, tmp_path):
    fake = tmp_path / "stripe"
    fake.write_text(
        '#!/bin/sh\ncase "$*" in *--all-snapshot*) echo "unknown flag: --all-snapshot"; exit 1;; esac\n'
        f"echo 'Ready! Your webhook signing secret is {OTHER} (^C to quit)'\nexec sleep 600\n"
    )
    fake.chmod(0o700)
    account = RealAccount(KEYS.audit_secret, None, address=elsewhere.address.url, cli=str(fake))
    account.start()
    try:
        assert (account.listening_secret, account.notes) == (OTHER, ())
    finally:
        account.stop()


KILLED = """
import sys, time
from pathlib import Path
from stripe_audit.stripe_backend.account import RealAccount
account = RealAccount(sys.argv[1], None, address=sys.argv[2], cli=sys.argv[3])
account.start()
assert account.listening_secret
Path(sys.argv[4]).touch()
time.sleep(600)
"""


@pytest.mark.node
def test_a_kill_of_the_audit_leaves_no_cli_behind(elsewhere, on_path, tmp_path):
    words = [KEYS.audit_secret, elsewhere.address.url, str(on_path), str(tmp_path / "running")]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, *words], env=env)
    try:
        until(lambda: (tmp_path / "running").exists() or process.poll() is not None)
        assert running(f"{on_path}\0listen")
    finally:
        process.kill()
        process.wait()
    until(lambda: not running(f"{on_path}\0listen"))
    until(lambda: not list(tmp_path.glob("stripe-audit-*")))
