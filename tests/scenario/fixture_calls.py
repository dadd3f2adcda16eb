"""The Stripe CLI's own fixtures, and the calls that the CLI makes when it runs them.

The texts are read from the installed binary and are not kept here; ``fixture_calls.json`` holds the calls, in order, by
the hash of the text. Run this as a program to record them again, with the CLI as its own oracle:

    .venv/bin/python -m tests.scenario.fixture_calls
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stripe_audit.emulator import Emulator, EmulatorConfig
from tests.conftest import stripe_cli
from tests.emulator.official_cli import Cli

RECORDED = Path(__file__).with_name("fixture_calls.json")
OUTSIDE = "api_base"
"""A member of the two fixtures that leave the loopback; they cannot be recorded."""
Calls = list[list[Any]]
_ID = r"(?!pm_card_|pm_us|tok_)\b[a-z]{2,8}_(?:test_|card_|sched_)?[A-Za-z0-9]{14,}\b"
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def texts() -> Iterator[str]:
    """The fixture files in the CLI's binary, in its order."""
    binary = stripe_cli()
    assert binary is not None, "npm ci --prefix tests/node"
    data = binary.read_bytes()
    decoder = json.JSONDecoder()
    for match in re.finditer(rb'\{\s*"_meta"', data):
        text = data[match.start() : match.start() + 64 * 1024].decode("utf-8", "replace")
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            continue
        if "fixtures" in value:
            yield text[:end]


def key_of(text: str) -> str:
    """The name of a fixture in the record."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def forget(emulator: Emulator) -> None:
    """Begin anew."""
    headers = {"X-Emulator-Token": emulator.control_token}
    request = urllib.request.Request(f"{emulator.url}/_emulator/reset", method="POST", headers=headers)
    _opener.open(request, timeout=10).close()


def journalled(emulator: Emulator) -> Calls:
    """The calls that were made: method, path, parameters; ids by the order in which they are first mentioned."""
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/journal", headers={"X-Emulator-Token": emulator.control_token}
    )
    with _opener.open(request, timeout=10) as answer:
        calls = json.loads(answer.read())["calls"]
    plain = json.dumps([[call["method"], call["path"], call["params"]] for call in calls], sort_keys=True)
    made = sorted({re.escape(call["object"]) for call in calls if call["object"] and not _is_fixed(call["object"])})
    known: dict[str, str] = {}
    ids = re.compile("|".join([*(rf"\b{one}\b" for one in made), _ID]))
    numbered = ids.sub(lambda match: known.setdefault(match[0], f"ID{len(known) + 1}"), plain)
    loaded: Calls = json.loads(numbered)
    return loaded


def _is_fixed(identity: str) -> bool:
    """Whether an id is Stripe's own, and the same for everybody."""
    return identity.startswith(("pm_card_", "tok_"))


def emulator() -> Emulator:
    """A fresh one."""
    return Emulator(EmulatorConfig(refund_delay=0.01, debit_delay=0.01))


def recorded() -> dict[str, Calls]:
    """What the CLI called, by the key of each fixture."""
    loaded: dict[str, Calls] = json.loads(RECORDED.read_text("utf-8"))
    return loaded


def main() -> None:
    """Record."""
    calls: dict[str, Calls] = {}
    with tempfile.TemporaryDirectory() as folder:
        for text in texts():
            if OUTSIDE in text:
                continue
            file = Path(folder) / "fixture.json"
            file.write_text(text, "utf-8")
            with emulator() as running:
                done: subprocess.CompletedProcess[str] = Cli(running, Path(folder))("fixtures", str(file))
                if done.returncode:
                    sys.exit(f"{text}\n{done.stdout}{done.stderr}")
                calls[key_of(text)] = journalled(running)
    lines = [f"{json.dumps(key)}: {json.dumps(made, sort_keys=True)}" for key, made in sorted(calls.items())]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    sys.stdout.write(f"{len(calls)} fixtures, {sum(map(len, calls.values()))} calls\n")


if __name__ == "__main__":
    main()
