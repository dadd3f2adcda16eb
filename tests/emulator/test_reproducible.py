"""The same seed, the same clock and the same calls: byte for byte the same answers and events, in every process."""

from __future__ import annotations

import json
import os
import subprocess

from tests.emulator.steps import Control
from tests.emulator.test_command import COMMAND
from tests.emulator.walk import CALLS, Walk


def told(tmp_path, number, *arguments):
    """What one process answers to the same walk."""
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONHASHSEED": str(number)}
    with subprocess.Popen(
        [*COMMAND, "--json", *arguments], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            facts = json.loads(process.stdout.readline())
            control = Control(facts["url"], facts["control_token"])
            with Walk(facts["url"], facts["secret_key"]) as walk:
                answers = [walk.step(number) for number in range(3 * len(CALLS))]
                control.post("clock/advance", seconds=40 * 86_400)
                answers += [walk.send("GET", path, {"limit": 100})[:2] for path in ("/v1/events", "/v1/charges")]
                answers += [walk.send("GET", path, {})[:2] for path in ("/v1/balance", "/v1/balance_transactions")]
                events = control.get("events")
            # The address is in pages' URLs, and the port is the system's choice.
            bodies = [(status, body.replace(facts["url"].encode(), b"")) for status, body in answers]
            return bodies, json.dumps(events).replace(facts["url"], "")
        finally:
            process.kill()


def test_two_processes_say_the_same_and_another_seed_does_not(tmp_path):
    clock = ("--clock", "2026-09-01T00:00:00Z")
    one, events = told(tmp_path, 1, "--seed", "7", *clock)
    same, same_events = told(tmp_path, 2, "--seed", "7", *clock)
    for first, second in zip(one, same, strict=True):
        assert first == second
    assert events == same_events and events.count('"evt_') > 100
    assert {200, 400, 402} <= {status for status, _ in one}
    assert told(tmp_path, 1, "--seed", "8", *clock)[0][0] != one[0]
