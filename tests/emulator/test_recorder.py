"""What ``--record`` writes, what it never writes, and what becomes of it on a full disk or a kill."""

from __future__ import annotations

import json

import pytest
import stripe

from stripe_audit.emulator import Emulator, EmulatorConfig
from tests.emulator.steps import Control, create, pay


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def recording(tmp_path, make_client, receiver):
    """A recording emulator: the file, the target's client, the control API, and its keys."""
    file = tmp_path / "calls.ndjson"
    with Emulator(EmulatorConfig(seed=9, record=file)) as running:
        yield (
            file,
            make_client(running.keys.secret, url=running.url),
            Control(running.url, running.control_token),
            running,
        )


def test_every_exchange_is_written_at_once(recording, receiver):
    file, client, control, _ = recording
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["payment_intent.succeeded"]})
    intent = pay(client, metadata={"name": "Zoë \u2028 "})
    with pytest.raises(stripe.CardError):
        pay(client, "pm_card_visa_chargeDeclinedLostCard")
    control.post("deliveries/drain")
    hook, paid, *rest = lines(file)
    assert (hook["kind"], hook["path"], hook["status"]) == ("call", "/v1/webhook_endpoints", 200)
    assert (paid["params"]["amount"], paid["params"]["metadata"]["name"]) == ("2000", "Zoë \u2028 ")
    assert (paid["caller"], paid["sdk"]["lang"], paid["answer"]["status"]) == ("target", "python", "succeeded")
    assert paid["answer"]["id"] == paid["object"] == intent.id
    (sent,) = [one for one in rest if one["kind"] == "delivery"]
    assert (sent["type"], sent["url"], sent["status"]) == ("payment_intent.succeeded", receiver.url, 200)
    assert sent["sent"]["data"]["object"]["id"] == intent.id
    (declined,) = [one for one in rest if one["kind"] == "call"]
    assert (declined["status"], declined["answer"]["error"]["decline_code"]) == (402, "lost_card")
    told = control.get("health")["recording"]
    assert told == {"file": str(file), "lines": 4, "bytes": file.stat().st_size, "problem": None}


def test_no_secret_is_in_it(recording, make_client):
    file, client, _, running = recording
    endpoint = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/", "enabled_events": ["*"]})
    intent = create(client)
    browser = make_client(running.keys.publishable, url=running.url)
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "314"}
    browser.v1.payment_intents.confirm(
        intent.id,
        {
            "client_secret": intent.client_secret,
            "payment_method_data": {"type": "card", "card": card},
            "return_url": "https://example.com/",
        },
    )
    client.v1.tokens.create({"bank_account": {"account_number": "000123456789", "country": "US", "currency": "usd"}})
    session = client.v2.billing.meter_event_session.create()
    text = file.read_text("utf-8")
    for secret in (
        running.keys.secret,
        endpoint.secret,
        intent.client_secret,
        session.authentication_token,
        "4242424242424242",
        '"314"',
        "000123456789",
    ):
        assert secret not in text
    assert r"424242\u20264242" in text and intent.id in text and "[hidden]" in text


def test_lost_answers_and_long_ones_are_told(recording):
    file, client, control, _ = recording
    control.fault("reset_before", path="/v1/refunds")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.refunds.list()
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"name": "n" * 9000})
    lost, long = lines(file)
    assert (lost["status"], lost["answer"], lost["fault"] is not None) == (0, "", True)
    assert len(long["params"]["name"]) < 4200 and long["params"]["name"].endswith("(9000 characters)")


def test_a_file_goes_on_and_makes_room(tmp_path, make_client):
    file = tmp_path / "calls.ndjson"
    file.write_text('{"kind": "earlier"}\n')
    with Emulator(EmulatorConfig(record=file, record_limit=9000)) as running:
        client = make_client(running.keys.secret, url=running.url)
        made = [client.v1.customers.create({"name": str(number)}).id for number in range(30)]
    older, newer = lines(tmp_path / "calls.ndjson.1"), lines(file)
    assert file.stat().st_size <= 9000 and (tmp_path / "calls.ndjson.1").stat().st_size <= 9000
    kept = [one["object"] for one in (*older, *newer)]
    assert kept == made[-len(kept) :] and len(newer) >= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls.ndjson", "calls.ndjson.1"]


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path, make_client):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with Emulator(EmulatorConfig(record=full)) as running:
        client = make_client(running.keys.secret, url=running.url)
        assert create(client).id and create(client).id
        told = Control(running.url, running.control_token).get("health")
    assert told["recording"]["problem"] == "No space left on device" and told["recording"]["lines"] == 0
    assert told["calls"] == 2 and told["defects"] == []


def test_a_file_that_cannot_be_opened_is_said_at_the_start(tmp_path):
    with pytest.raises(IsADirectoryError):
        Emulator(EmulatorConfig(record=tmp_path)).start()
