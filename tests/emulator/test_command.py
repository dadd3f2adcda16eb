"""``stripe-audit emulator``, as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
import stripe

from stripe_audit.cli import main
from tests.emulator.steps import Control, create, pay

COMMAND = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "emulator"]


@pytest.fixture
def environment(tmp_path):
    return {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "COLUMNS": "120"}


@pytest.fixture
def start(environment):
    """Starts the command; what still runs at the end of the test is killed."""
    running = []

    def begin(*arguments):
        process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finished(environment, *arguments):
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=environment, timeout=30, check=False
    )


def ended(process, number):
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(start, make_client, receiver, number, tmp_path):
    process = start("--json", "--seed", "7", "--webhook", receiver.url, "--api-version", "2025-09-30.clover")
    facts = json.loads(process.stdout.readline())
    client = make_client(facts["secret_key"], url=facts["url"])
    intent = pay(client)
    control = Control(facts["url"], facts["control_token"])
    assert control.post("deliveries/drain")["drained"] is True
    (hook,) = facts["webhooks"]
    assert hook["url"] == receiver.url
    for one in receiver.received:
        event = client.construct_event(one.body, one.headers["Stripe-Signature"], hook["secret"])
        assert event.api_version == facts["api_version"] == "2025-09-30.clover"
    assert len(receiver.received) == 4
    browser = make_client(facts["publishable_key"], url=facts["url"])
    seen = browser.v1.payment_intents.retrieve(intent.id, {"client_secret": intent.client_secret})
    assert seen.status == "succeeded"
    assert ended(process, number) == (0, "", "")
    assert list(tmp_path.iterdir()) == [], "nothing is written into the user's home"


def test_it_shows_what_a_person_needs(start):
    process = start("--webhook", "http://127.0.0.1:3000/hook", "--fault", "slow,seconds=0")
    lines = []
    while not lines or not lines[-1].startswith("Ctrl-C"):
        lines.append(process.stdout.readline())
    text = "".join(lines)
    for part in ("http://127.0.0.1:", "sk_test_", "pk_test_", "acct_", "control token", "whsec_", "/hook", "slow"):
        assert part in text
    assert ended(process, signal.SIGINT)[0] == 0


def test_keys_and_ids_repeat_with_a_seed(start, make_client):
    seen = []
    for _ in range(2):
        process = start("--json", "--seed", "7", "--webhook", "http://127.0.0.1:1/")
        facts = json.loads(process.stdout.readline())
        intent = create(make_client(facts["secret_key"], url=facts["url"]))
        seen.append((facts["secret_key"], facts["webhooks"], intent.id))
        ended(process, signal.SIGTERM)
    assert seen[0] == seen[1]


def test_a_record_survives_a_kill(start, make_client, tmp_path):
    file = tmp_path / "calls.ndjson"
    process = start("--json", "--record", str(file), "--keep", "1", "--clock", "2030-01-31T12:00:00+01:00")
    facts = json.loads(process.stdout.readline())
    client = make_client(facts["secret_key"], url=facts["url"])
    made = [create(client) for _ in range(2)]
    assert {intent.created for intent in made} == {1_896_087_600}
    process.kill()
    process.communicate()
    calls = [json.loads(line) for line in file.read_text().splitlines()]
    assert [call["object"] for call in calls] == [intent.id for intent in made]


def test_faults_are_in_force_from_the_start(start, make_client):
    rule = {"path": "/v1/refunds", "caller": None, "action": {"kind": "rate_limit"}}
    short = "status,status=503,method=POST,path=/v1/customers,times=1"
    process = start("--json", "--fault", short, "--fault", json.dumps(rule))
    facts = json.loads(process.stdout.readline())
    client = make_client(facts["secret_key"], url=facts["url"])
    with pytest.raises(stripe.APIError) as caught:
        client.v1.customers.create({})
    assert caught.value.http_status == 503
    assert client.v1.customers.create({}).id
    with pytest.raises(stripe.RateLimitError):
        client.v1.refunds.list()


def test_a_port_in_use_is_a_clear_error(environment, emulator):
    port = emulator.url.rpartition(":")[2]
    result = finished(environment, "--port", port)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"port {port} is in use" in result.stderr and "hint: --port 0" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "70000"),
        (["--seed", "x"], "x"),
        (["--api-version", "yesterday"], "not an API version: yesterday"),
        (["--webhook", "nowhere"], "not an http or https URL: nowhere"),
        (["--webhook", "https://shop.example/hook"], "not on this machine"),
        (["--fault", "explode"], "not a fault: explode"),
        (["--fault", "status,503"], "no name=value"),
        (["--fault", "status,status=many"], "not a fault"),
        (["--fault", "{"], "not a fault"),
        (["--fault", '{"action": {"kind": "status"}, "colour": "red"}'], "colour"),
        (["--fault", "status,colour=red"], "colour"),
        (["--fault", "status,saved=perhaps"], "saved must be true or false"),
        (["--clock", "noon"], "not a time: noon"),
        (["--clock", "0001-01-01"], "not a time: 0001-01-01"),
        (["--clock", "2100-01-02"], "not a time"),
        (["--keep", "0"], "--keep"),
        (["--record", "/nowhere/calls"], "cannot record into /nowhere/calls: No such file"),
        (["--unknown"], "--unknown"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error(capsys, arguments, said):
    with pytest.raises(SystemExit) as caught:
        main(["emulator", *arguments])
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert said in err and "Traceback" not in err


def test_its_help_imports_nothing_heavy(environment):
    script = (
        "import sys; from stripe_audit.cli.emulator import emulator; import typer;"
        "heavy = {'aiohttp', 'stripe', 'httpx', 'pydantic', 'requests'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
