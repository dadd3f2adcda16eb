"""Running programs with an injection, and what they said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_audit.deployment.launch.injection import Injection, Noted, changed_environment, read_notes
from stripe_audit.emulator import Emulator

LIVE = {
    "secret_key": "sk_live_51Abcdefghijklmno" + "p" * 30,
    "publishable_key": "pk_live_51Abcdefghijklmno" + "p" * 30,
    "webhook_secret": "whsec_" + "l" * 32,
}
FRESH = "whsec_" + "f" * 32


def injection_for(emulator: Emulator, **changes: Any) -> Injection:
    """The injection of a run, with the key pinned under its usual name."""
    keys = {
        "secret_key": emulator.keys.secret,
        "publishable_key": emulator.keys.publishable,
        "webhook_secret": FRESH,
    }
    pinned: dict[str, str] = {"STRIPE_SECRET_KEY": emulator.keys.secret, "MODE": "audited"}
    return Injection(**{"stripe_url": emulator.url, "keys": keys, "pinned": pinned, **changes})


@dataclass(frozen=True)
class Ran:
    """What a program printed as JSON, a line each, and what its injection noted."""

    said: list[Any]
    noted: Noted
    stderr: str


def run(
    injection: Injection,
    folder: Path,
    command: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Ran:
    """Run a program to its end with an injection that is installed in ``folder / "it has spaces"``."""
    place = folder / "it has spaces"
    shutil.rmtree(place, ignore_errors=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **injection.pinned}
    ended = subprocess.run(
        command,
        env=injection.install(place, {**clean, **(env or {})}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    said = [json.loads(line) for line in ended.stdout.splitlines()]
    return Ran(said, read_notes(place), ended.stderr)


def python(code: str) -> list[str]:
    """A command that runs code as an app would."""
    return [sys.executable, "-c", code]


def run_changed(injection: Injection, folder: Path, command: Sequence[str | Path], **changes: str | None) -> list[Any]:
    """What a program prints whose variables were changed after the injection was installed, as a relaunch does it."""
    env = injection.install(folder / "changed", {"PATH": os.environ["PATH"], **injection.pinned})
    ended = subprocess.run(
        command, env=changed_environment(env, changes), cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return [json.loads(line) for line in ended.stdout.splitlines()]
