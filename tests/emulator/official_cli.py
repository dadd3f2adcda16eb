"""The official Stripe CLI as a process: its own binary, a home of its own, nothing but the loopback."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from stripe_audit.emulator import Emulator
from tests.conftest import stripe_cli

SECONDS = 30.0


def environment(home: Path) -> dict[str, str]:
    """Outside calls (releases, telemetry) fail at once; what the CLI keeps lies in ``home``."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "STRIPE_DEVICE_NAME": "tests",
    }


class Cli:
    """The CLI with one emulator's address and key."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        binary = stripe_cli()
        assert binary is not None, "npm ci --prefix tests/node"
        self.binary, self.home = binary, home
        self.address = ["--api-base", emulator.url, "--api-key", emulator.keys.secret]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [self.binary, *arguments, *self.address],
            env=environment(self.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    @contextlib.contextmanager
    def running(self, *arguments: str, ready: str = "Ready!") -> Iterator[Running]:
        """A command that goes on until it is stopped; it is there once it has printed ``ready``."""
        process = subprocess.Popen(
            [self.binary, *arguments, *self.address],
            env=environment(self.home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running = Running(process)
        try:
            running.wait_for_line(ready)
            yield running
        finally:
            running.stop()

    def listen(self, *arguments: str) -> contextlib.AbstractContextManager[Running]:
        """``stripe listen``."""
        return self.running("listen", "--skip-update", *arguments)


class Running:
    """A CLI that runs, and what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._news = threading.Condition()
        streams: Sequence[tuple[object, list[str]]] = ((process.stdout, self.out), (process.stderr, self.err))
        self._threads = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in streams]
        for thread in self._threads:
            thread.start()

    @property
    def secret(self) -> str:
        """The signing secret that it announced."""
        found = re.search(r"whsec_\w+", "".join(self.err))
        assert found is not None, self.err
        return found[0]

    def count(self, text: str) -> int:
        """How many lines contain a text."""
        return sum(text in line for line in [*self.out, *self.err])

    def wait_for_line(self, text: str, times: int = 1, seconds: float = SECONDS) -> None:
        """Wait until that many lines contain a text."""
        deadline = time.monotonic() + seconds
        with self._news:
            while self.count(text) < times:
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not any(t.is_alive() for t in self._threads)):
                    raise AssertionError(f"no line with {text!r} in {self.out[-20:]} {self.err[-20:]}")
                self._news.wait(min(left, 0.2))

    def stop(self) -> int:
        """End it as a user does, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for thread in self._threads:
            thread.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def _read(self, stream: Iterator[str], lines: list[str]) -> None:
        for line in stream:
            with self._news:
                lines.append(line)
                self._news.notify_all()
