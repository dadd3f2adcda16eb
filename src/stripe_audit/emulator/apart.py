"""An emulator in a process of its own, so that it computes beside its caller; it ends when its caller does.

The child reads its settings as one line of JSON and answers with one: where it listens, or why it does not. Then it
waits for the end of its standard input, which the kernel brings about even when the caller is killed.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from stripe_audit.emulator.config import EmulatorConfig
from stripe_audit.emulator.server import COLLECTED_AT, START_SECONDS, Emulator
from stripe_audit.keys import TestKeys

__all__ = ["EmulatorApart"]


class EmulatorApart:
    """Used like ``Emulator``: start it, use it over HTTP, stop it. ``config.keys`` must be given."""

    def __init__(self, config: EmulatorConfig) -> None:
        if config.keys is None:
            raise ValueError("an emulator in a process of its own takes its keys from its caller")
        self._told = {
            "port": config.port,
            "seed": config.seed,
            "api_version": config.api_version,
            "keys": asdict(config.keys),
        }
        self.url = ""
        """Where it listens; empty while it does not."""
        self.control_token = ""
        self.pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Listen. Raises OSError if the port is taken; returns once requests are answered."""
        if self._process is not None:
            raise RuntimeError("the emulator is already running")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt from the keyboard is the caller's to handle
        )
        said = self._asked()
        if "url" not in said:
            self.stop()
            raise OSError(said.get("errno", 0), said.get("error", "its process ended at once"))
        self.url, self.control_token = said["url"], said["control_token"]
        self.pid = self._process.pid

    def _asked(self) -> dict[str, Any]:
        """What the child says to its settings; nothing where it cannot say anything."""
        assert self._process and self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(self._told).encode() + b"\n")
            self._process.stdin.flush()
            return dict(json.loads(self._process.stdout.readline()))
        except (OSError, ValueError):
            return {}

    def stop(self) -> None:
        """Close all connections and end the process. Safe to call twice."""
        process, self._process, self.url, self.pid = self._process, None, "", None
        if process is None:
            return
        with process:
            assert process.stdin
            try:
                process.stdin.close()
                process.wait(START_SECONDS)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()


def serve() -> None:
    """The child's part: be the emulator until standard input ends."""
    told = json.loads(sys.stdin.buffer.readline())
    emulator = Emulator(EmulatorConfig(**{**told, "keys": TestKeys(**told["keys"])}))
    gc.freeze()
    gc.set_threshold(*COLLECTED_AT)  # nearly all that is made stays
    try:
        emulator.start()
    except OSError as error:
        said: dict[str, Any] = {"errno": error.errno, "error": error.strerror or str(error)}
    else:
        said = {"url": emulator.url, "control_token": emulator.control_token}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    emulator.stop()
