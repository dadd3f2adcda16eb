"""``stripe-audit trigger`` and ``replay``: signed bodies of any type to an address of one's own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_audit import signatures
from tests.cli.inside import Inside
from tests.cli.test_commands import command
from tests.emulator.receiver import Received, Receiver

SECRET = "whsec_of_the_tests_own_endpoint_0123456789"
ENV = {"HOOK_SECRET": SECRET}


@pytest.fixture
def inside(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Inside:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return inside


def signature_of(received: Received) -> str:
    return next(value for name, value in received.headers.items() if name.lower() == "stripe-signature")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


def test_an_event_arrives_signed_with_its_overrides(receiver: Receiver, tmp_path: Path) -> None:
    words = ["trigger", "payment_intent.succeeded", "--to", receiver.url, "--secret-env", "HOOK_SECRET"]
    sets = ["amount=500", "metadata.order=o1", "payment_method_types.0=link", "event.id=evt_mine", "latest_charge=null"]
    for text in sets:
        words += ["--set", text]
    done = command(*words, "--api-version", "2024-09-30.acacia", cwd=tmp_path, env=ENV)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("payment_intent.succeeded → 200 in ")
    (got,) = receiver.received
    signatures.verify(got.body, signature_of(got), SECRET, now=time.time())
    event, intent = got.event, got.event["data"]["object"]
    assert (event["id"], event["type"], event["api_version"]) == (
        "evt_mine",
        "payment_intent.succeeded",
        "2024-09-30.acacia",
    )
    assert (intent["amount"], intent["metadata"], intent["latest_charge"]) == (500, {"order": "o1"}, None)
    assert (intent["status"], intent["payment_method_types"][0]) == ("succeeded", "link")
    assert event["livemode"] is False


def test_a_body_is_sent_byte_for_byte_and_a_refusal_is_told(inside: Inside, tmp_path: Path) -> None:
    receiver = Receiver(answer=lambda n: 400)
    try:
        (tmp_path / "body").write_bytes(b'{ "odd" :  true }\n')
        words = ("trigger", "--raw", "body", "--to", receiver.url, "--secret-env", "HOOK_SECRET")
        done = inside(*words)
        assert done.returncode == 1 and "body → 400 in" in done.stdout
        (got,) = receiver.received
        assert got.body == b'{ "odd" :  true }\n'
        signatures.verify(got.body, signature_of(got), SECRET, now=time.time())
    finally:
        receiver.stop()


def test_without_an_address_it_is_printed(inside: Inside) -> None:
    done = inside("trigger", "climate.order.canceled", "--seed", "3")
    assert json.loads(done.stdout)["data"]["object"]["status"] == "canceled"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("payment_intent.suceeded",), "did you mean payment_intent.succeeded?"),
        ((), "give the type of an event, or --raw FILE"),
        (("invoice.paid", "--set", "amount"), "not PATH=VALUE: amount"),
        (("topup.created", "--set", "amount.x=1"), "'x' is put into what is neither an object nor a list"),
        (("invoice.paid", "--api-version", "new"), "not an API version: new"),
        (("topup.created", "--to", "127.0.0.1/x"), "not an http or https URL"),
        (("topup.created", "--to", "http://127.0.0.1:1/x"), "the variable STRIPE_WEBHOOK_SECRET is not set"),
        (
            ("topup.created", "--to", "https://example.com/x", "--secret-env", "HOOK_SECRET"),
            "if it is a test deployment of yours: --allow-host example.com",
        ),
        (
            ("topup.created", "--to", "http://127.0.0.1:1/x", "--secret-env", "HOOK_SECRET", "--set", "livemode=true"),
            "the body says that it is live",
        ),
        (("topup.created", "--to", "http://127.0.0.1:1/x", "--secret-env", "HOOK_SECRET"), "no connection"),
        (("--raw", "none"), "none: No such file"),
        (("--raw", "none", "--set", "a=1"), "--raw sends the file as it is"),
    ],
)
def test_what_cannot_be_sent(inside: Inside, words: tuple[str, ...], told: str) -> None:
    done = inside("trigger", *words)
    assert done.returncode in (2, 3) and told in done.stderr and "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_a_recording_is_replayed_in_order_and_signed_anew(receiver: Receiver, inside: Inside, tmp_path: Path) -> None:
    for name in ("topup.created", "topup.canceled"):
        assert inside("trigger", name, "--save", "r.json").returncode == 0
    recording = json.loads((tmp_path / "r.json").read_text())
    recording["deliveries"][1] |= {"copies": 3, "at_once": True, "after": 0.01}
    recording["deliveries"].append({"event": {"id": "evt_1", "type": "a.b"}, "copies": 2})
    recording["to"] = receiver.url
    (tmp_path / "r.json").write_text(json.dumps(recording))
    done = inside("replay", "r.json", "--secret-env", "HOOK_SECRET")
    assert done.returncode == 0, done.stderr
    assert receiver.types == ["topup.created"] + ["topup.canceled"] * 3 + ["a.b"] * 2
    for got in receiver.received:
        signatures.verify(got.body, signature_of(got), SECRET, now=time.time())
    assert done.stdout.count("\n") == 6 and "3. a.b evt_1 → 200" in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "its schema is not stripe-audit/replay-v1"),
        ('{"schema": "stripe-audit/replay-v1", "deliveries": []}', "deliveries must be a list"),
        ('{"schema": "stripe-audit/replay-v1", "deliveries": [{}]}', "delivery 1 has a body (a text) or an event"),
        ('{"schema": "stripe-audit/replay-v1", "deliveries": [{"body": "x", "after": -1}]}', "after is seconds"),
        ('{"schema": "stripe-audit/replay-v1", "deliveries": [{"body": "x", "copies": 0}]}', "copies is a number"),
        ('{"schema": "stripe-audit/replay-v1", "deliveries": [{"body": "x"}]}', "names no address"),
    ],
)
def test_what_is_no_recording(inside: Inside, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "r.json").write_text(text)
    done = inside("replay", "r.json")
    assert done.returncode == 2 and told in done.stderr
