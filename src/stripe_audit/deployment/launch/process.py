"""The launched target: started through a supervisor that stops it even when the audit is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stripe_audit.deployment.launch import supervisor
from stripe_audit.deployment.launch.injection import changed_environment
from stripe_audit.deployment.launch.ports import is_listening, listener_on
from stripe_audit.errors import LaunchError
from stripe_audit.keys import KeyKind, parse_key

__all__ = ["LaunchSpec", "LaunchedTarget", "launch_environment"]

_OUTPUT_TAIL = 4000
"""Characters of the process' last output that are shown when it fails; cut after secrets were masked."""
_LOOKED_AT = 16 * _OUTPUT_TAIL

_KEYS = (
    KeyKind.SECRET,
    KeyKind.PUBLISHABLE,
    KeyKind.RESTRICTED,
    KeyKind.ORGANISATION,
    KeyKind.WEBHOOK_SECRET,
    KeyKind.APP_SIGNING_SECRET,
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


def launch_environment(declared: Mapping[str, str], inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without proxies and Stripe's variables and keys, and what is declared on top.

    A key of the caller's, perhaps a live one, is recognised by its shape whatever its variable is called.
    """
    inherited = os.environ if inherited is None else inherited
    kept = {
        name: value
        for name, value in inherited.items()
        if "STRIPE" not in name.upper() and name.lower() not in _PROXIES and not _is_key(value)
    }
    return {**kept, "NO_PROXY": "127.0.0.1,localhost,::1", "PYTHONUNBUFFERED": "1", **declared}


def _is_key(value: str) -> bool:
    return parse_key(value).kind in _KEYS


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """How to start the target. ``env`` is complete; ``output`` takes both streams.

    ``scratch`` lists folders that the supervisor removes if the audit dies; else they are the audit's to remove.
    """

    command: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    output: Path
    port: int | None = None
    scratch: tuple[Path, ...] = ()
    ready_within: float = 20.0
    stop_within: float = 5.0


class LaunchedTarget:
    """A target that the audit started. Thread-safe."""

    def __init__(self, spec: LaunchSpec, safe: Callable[[str], str] = str) -> None:
        self.spec = spec
        self.pid: int | None = None
        self.exit_code: int | None = None
        self.ready_after_s: float | None = None
        self._safe = safe
        self._failure: str | None = None
        self._is_end_asked_for = False
        self._changed = threading.Condition()
        self._turn = threading.RLock()
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> None:
        """Start it. Raises LaunchError if its port is taken or its command cannot be run."""
        with self._turn:
            self.stop()
            port = self.spec.port
            if port and (other := listener_on(port)):
                raise LaunchError(
                    f"port {port} is already in use by {other.named(self._safe)}",
                    hint="stop that process, or write {port} in target.url",
                )
            self.pid = self.exit_code = self._failure = None
            self._is_end_asked_for = False
            self._supervise()
            with self._changed:
                self._changed.wait_for(lambda: self.pid or self._failure, timeout=10)
            if self._failure or not self.pid:
                self.stop()
                why = self._safe(self._failure or "its supervisor does not answer")
                raise LaunchError(f"the launch command cannot be run: {why}", hint="target.launch.command")

    def _supervise(self) -> None:
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(supervisor.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._supervisor,), daemon=True, name="supervisor")
        self._listener.start()
        self._send(
            {
                "command": list(self.spec.command),
                "cwd": str(self.spec.cwd),
                "env": dict(self.spec.env),
                "output": str(self.spec.output),
                "scratch": [str(folder) for folder in self.spec.scratch],
                "stop_within": self.spec.stop_within,
            }
        )

    def _send(self, line: Mapping[str, Any]) -> None:
        source = self._supervisor
        if source is None or source.stdin is None:
            raise LaunchError("the target is not running")
        try:
            source.stdin.write(json.dumps(line).encode() + b"\n")
            source.stdin.flush()
        except (OSError, ValueError) as error:
            raise LaunchError(f"the supervisor is gone ({error})") from None

    def _listen(self, source: subprocess.Popen[bytes]) -> None:
        assert source.stdout
        with source.stdout:
            for line in source.stdout:
                event = json.loads(line)
                with self._changed:
                    self.pid = event.get("started", self.pid)
                    self._failure = event.get("failed", self._failure)
                    if "exited" in event:
                        self.exit_code = event["exited"]
                    self._changed.notify_all()
        with self._changed:
            if self.pid and self.exit_code is None:  # somebody has killed the supervisor
                self.exit_code = -signal.SIGKILL
                try:
                    os.killpg(self.pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    pass
            self._failure = self._failure or "the supervisor has ended"
            self._changed.notify_all()

    @property
    def is_running(self) -> bool:
        """Whether the process has been started and has not exited."""
        return self.pid is not None and self.exit_code is None

    @property
    def has_fallen(self) -> bool:
        """Whether it was ready, and has exited though nobody here had asked it to."""
        is_over = self.pid is not None and self.exit_code is not None
        return is_over and self.ready_after_s is not None and not self._is_end_asked_for

    def wait_ready(self, is_ready: Callable[[], bool] | None = None) -> None:
        """Wait until the port answers and ``is_ready`` says so. Raises LaunchError with the last output."""
        began = time.monotonic()
        deadline = began + self.spec.ready_within
        port = self.spec.port
        while time.monotonic() < deadline:
            if self.exit_code is not None:
                raise self._failed(f"the target exited with code {self.exit_code} before it was ready")
            if (port is None or is_listening(port)) and (is_ready is None or is_ready()):
                self.ready_after_s = time.monotonic() - began
                return
            with self._changed:
                self._changed.wait_for(lambda: self.exit_code is not None, timeout=0.03)
        what = f"listening on port {port}" if port and not is_listening(port) else "healthy"
        raise self._failed(f"the target was not {what} within {self.spec.ready_within:g} s")

    def _failed(self, message: str) -> LaunchError:
        tail = self._safe(self.output()[-_LOOKED_AT:])[-_OUTPUT_TAIL:].strip()
        hint = "its last output:\n" + tail if tail else "it printed nothing; see target.launch.command"
        return LaunchError(message, hint=hint, output=tail)

    def output(self) -> str:
        """All that it has printed, at most the last MiB."""
        try:
            with self.spec.output.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1024 * 1024))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to its process group."""
        self._is_end_asked_for = True
        self._send({"signal": int(number)})

    def wait_exited(self, within: float) -> bool:
        """Wait until the process has exited. Whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self.exit_code is not None, timeout=within)

    def restart(self) -> None:
        """Stop it, start it again with the same environment, and wait until it is ready."""
        with self._turn:
            self.stop()
            self.start()
        self.wait_ready()

    def changed(self, changes: Mapping[str, str | None], *, ready_within: float) -> LaunchedTarget:
        """The same target with other variables (None: without it) and an output of its own, not started.

        It wants the same port, so this one must be stopped first.
        """
        env = changed_environment(self.spec.env, changes)
        output = self.spec.output.with_name(f"{self.spec.output.stem}-changed-{time.monotonic_ns()}.log")
        return LaunchedTarget(replace(self.spec, env=env, output=output, ready_within=ready_within), self._safe)

    def stop(self) -> None:
        """Stop the process and everything below it. Safe to call twice."""
        with self._turn:
            self._is_end_asked_for = True
            source, self._supervisor = self._supervisor, None
            if source is None:
                return
            if source.stdin:
                try:
                    source.stdin.write(b'{"farewell": true}\n')
                    source.stdin.close()
                except (OSError, ValueError):
                    pass
            try:
                source.wait(self.spec.stop_within + 10)
            except subprocess.TimeoutExpired:
                source.kill()
                source.wait()
            if self._listener:  # what it still hears must not be taken for the next process' end
                self._listener.join()
