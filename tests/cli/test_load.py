"""``stripe-audit load``: what it tells, how it ends, and when it refuses to begin."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stripe_audit.audit.loading import LoadOutcome
from stripe_audit.cli.load import seconds_in
from stripe_audit.errors import UsageError
from tests.cli.inside import Done, Inside
from tests.load.test_judging import SOUND

DEMO = ("load", "--demo", "--quiet")
SETTINGS = """\
version: 1
target:
  url: {url}
  environment: test
  stripe: env
  items: [{{id: mug, price: 19.99, currency: usd}}]
  routes:
    webhook: [{{name: main, path: /hook, secret: {{env: HOOK_SECRET}}}}]
    create_payment: {{path: /pay, method: POST, response: {{client_secret: clientSecret}}}}
    order: {{path: "/orders/{{order}}", response: {{status: status}}}}
observers: {{order: {{kind: http}}}}
"""


@pytest.fixture
def inside(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Inside:
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + "x" * 32)
    return inside


def test_what_is_found_is_told_to_programs_and_by_the_exit_code(inside: Inside) -> None:
    words = ("--rate", "150", "--for", "800ms", "--repeat", "30", "--defect", "load-forgets-handled", "--json")
    done = inside(*DEMO, *words)
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"], told["outcome"]) == (1, 1, "failed")
    assert told["load"]["doubled_effect"] == len(told["load"]["doubled"]) > 0
    assert told["load"]["acknowledged_without_effect"] == 0
    assert told["load"]["latency_ms"]["p50"] <= told["load"]["latency_ms"]["p99"]
    assert [one["id"] for one in told["findings"]][:1] == ["doubled"]
    assert "whsec_" not in done.stdout


def run_with(outcome: LoadOutcome, inside: Inside, monkeypatch: pytest.MonkeyPatch, *words: str) -> Done:
    monkeypatch.setattr("stripe_audit.audit.loading.load_target", lambda *_, **__: outcome)
    return inside(*DEMO, *words)


def test_what_is_told_to_people(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = LoadOutcome("shop", "http://127.0.0.1:1", "launched by the audit", SOUND)
    done = run_with(outcome, inside, monkeypatch)
    assert done.returncode == 0
    assert done.stdout == (
        "shop at http://127.0.0.1:1: launched by the audit\n"
        "sent      200 events, 18 of them for the second time, 100 a second, over 4 connections\n"
        "answered  p50 5 ms, p95 20 ms, p99 40 ms, longest 60 ms, from when each was due\n"
        "refused   0 at first, 0 to the end\n"
        "effects   60 orders; acknowledged without effect: 0; with more than one: 0 (seen)\n"
        "\nevery acknowledged event had its effect once\n"
    )
    lost = replace(SOUND, lost={"o1": {"state": "open"}}, errors={"answered 500": 7}, workers=2)
    done = run_with(replace(outcome, loaded=lost), inside, monkeypatch)
    assert done.returncode == 1 and "          7 × answered 500\n" in done.stdout and ", by 2 workers" in done.stdout
    assert "CRITICAL: Under load, events are acknowledged and lost\n  1 of 60 paid orders" in done.stdout
    assert "had its effect once" not in done.stdout


@pytest.mark.parametrize(("limit", "code"), [("critical", 0), ("high", 0), ("medium", 1)])
def test_the_exit_code_follows_the_limit(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, limit: str, code: int
) -> None:
    slow = LoadOutcome("shop", "http://127.0.0.1:1", "launched", SOUND)
    done = run_with(slow, inside, monkeypatch, "--max-p99", "39", "--fail-on", limit)
    assert done.returncode == code and "MEDIUM: Under load, acknowledgements take too long" in done.stdout


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_where_nothing_can_be_said_the_exit_code_says_so(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    nothing = LoadOutcome("shop", "http://127.0.0.1:1", "launched", None, "the order is 'open'", "observers.order")
    done = run_with(nothing, inside, monkeypatch, *words)
    assert done.returncode == 3 and "the order is 'open'" in done.stdout and "observers.order" in done.stdout


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        ("http://127.0.0.1:9", 3, "the target was not reached"),
        ("http://shop.example", 3, "no load is sent to shop.example: it is not on this machine"),
    ],
)
def test_nothing_is_sent_to_what_is_not_ours(inside: Inside, tmp_path: Path, url: str, code: int, told: str) -> None:
    (tmp_path / "stripe-audit.yaml").write_text(SETTINGS.format(url=url), "utf-8")
    done = inside("load", "--quiet")
    assert (done.returncode, done.stdout) == (code, "") and told in done.stderr and "hint: " in done.stderr


def test_a_target_that_is_not_proved_to_be_a_test_deployment_is_left_alone(inside: Inside, tmp_path: Path) -> None:
    from tests.emulator.receiver import Receiver

    receiver = Receiver()
    try:
        url = receiver.url.rpartition("/")[0] if receiver.url.count("/") > 2 else receiver.url
        (tmp_path / "stripe-audit.yaml").write_text(SETTINGS.format(url=url), "utf-8")
        done = inside("load", "--quiet")
    finally:
        receiver.stop()
    assert done.returncode == 3 and "no load is sent: nothing proves that this target runs in test mode" in done.stderr
    assert "hint: target.launch, or target.environment: test with stripe.secret_key" in done.stderr
    assert not [one for one in receiver.received if one.body]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--demo", "--for", "soon"), "--for soon: that is no time up to a day"),
        (("--demo", "--rate", "100000", "--for", "1h"), "360,000,000 events are too many for one load"),
        (("--defect", "unhealthy"), "--variant and --defect belong to --demo"),
        (("--demo", "--url", "http://127.0.0.1:1"), "--demo brings its own target and settings"),
        ((), "a load needs create_payment: target.routes.create_payment is not declared"),
    ],
)
def test_mistakes_are_told_with_what_to_do(inside: Inside, words: tuple[str, ...], told: str) -> None:
    done = inside("load", *words)
    assert done.returncode == 2 and told in done.stderr and "hint: " in done.stderr


@pytest.mark.parametrize(
    ("text", "seconds"), [("10s", 10.0), ("500ms", 0.5), ("1.5m", 90.0), ("2h", 7200.0), ("7", 7.0)]
)
def test_times(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "0", "25h", "1d", "1 s"])
def test_no_times(text: str) -> None:
    with pytest.raises(UsageError):
        seconds_in(text)
