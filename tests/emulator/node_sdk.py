"""The official Node library as a process: the behaviours that it sees in an emulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from stripe_audit.emulator import Emulator
from tests.conftest import NODE_MODULES

SCRIPT = Path(__file__).parent / "node" / "behaviours.mjs"


def run_behaviours(emulator: Emulator, *names: str) -> dict[str, str | None]:
    """Behaviours in their order, with what went wrong; None where nothing did."""
    node = shutil.which("node")
    assert node is not None, "Node.js is not here"
    facts = {
        "stripe": str(NODE_MODULES / "stripe"),
        "url": emulator.url,
        "secret": emulator.keys.secret,
        "publishable": emulator.keys.publishable,
        "token": emulator.control_token,
    }
    ended = subprocess.run(
        [node, SCRIPT, *names],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "EMULATOR": json.dumps(facts)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    return {line["name"]: line["error"] for line in lines}
