"""The official Stripe CLI beside a real account: it listens to the account's events, and makes events of any type.

It forwards to the audit, and the audit to the target: what comes from ``stripe listen`` directly could not be kept
back. It has a home of its own, gets the key by its environment, and runs under a supervisor, so that it does not
outlive the audit.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from stripe_audit import signatures
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec, launch_environment
from stripe_audit.errors import LaunchError, StripeError
from stripe_audit.redaction import Redactor, inert

__all__ = ["Heard", "Listener", "StripeCli"]

_READY = "Ready!"
_READY_S = 20.0
_TRIGGERED_S = 60.0
_BODY_CAP = 1024 * 1024
_SAID = 300
_WAY_OUT = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

Heard = Callable[[Mapping[str, Any], bytes, str], None]
"""Told of an event, its body as it came, and the signature that the CLI gave it."""


class StripeCli:
    """The program with one account's address and key. ``address`` is None for Stripe itself."""

    def __init__(self, binary: str, secret_key: str, address: str | None) -> None:
        self.binary = binary
        self._key = secret_key
        self._where = ["--api-base", address] if address else []
        self._home: Path | None = None

    @property
    def home(self) -> Path:
        """Its folder, made when it is first needed."""
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="stripe-audit-cli-"))
        return self._home

    def close(self) -> None:
        """Remove its folder. Safe to call twice."""
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
        self._home = None

    def command(self, *words: str) -> list[str]:
        """A command line. The key is not in it."""
        return [self.binary, *words, *self._where]

    def environment(self) -> dict[str, str]:
        """The caller's way to the network, and nothing else of Stripe's but the key."""
        inherited = {name: value for name, value in os.environ.items() if name.lower() in _WAY_OUT}
        own = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "STRIPE_API_KEY": self._key,
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            "STRIPE_DEVICE_NAME": "stripe-audit",
        }
        return {**launch_environment({}), **inherited, **own}

    def trigger(self, event_type: str) -> bool:
        """Have it make an event of a type, with all objects that it takes. Whether it could."""
        try:
            ended = subprocess.run(
                self.command("trigger", event_type),
                env=self.environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRIGGERED_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return ended.returncode == 0


class Listener:
    """``stripe listen``. Start it once, stop it once; ``secret`` is the one that it signs with."""

    def __init__(self, cli: StripeCli, heard: Heard) -> None:
        self.secret = ""
        self._cli = cli
        self._heard = heard
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self._process: LaunchedTarget | None = None

    @property
    def is_running(self) -> bool:
        """Whether it listens still."""
        return bool(self.secret) and self._process is not None and self._process.is_running

    def start(self) -> None:
        """Listen. Raises StripeError, with what it said, where it does not become ready."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), daemon=True, name="stripe listen"
        )
        self._thread.start()
        try:
            try:
                said = self._listen("--all-snapshot")
            except LaunchError as error:
                if "unknown flag" not in (error.output or ""):
                    raise
                said = self._listen()  # releases before thin events listen to all without being told
        except LaunchError as error:
            self.stop()
            said = inert(Redactor().redact(" ".join((error.output or error.message).split())))[-_SAID:]
            raise StripeError(f"stripe listen does not become ready: {said}") from None
        found = re.search(r"whsec_\w+", said)
        self.secret = found[0] if found else ""

    def _listen(self, *flags: str) -> str:
        """Run it until it is ready; what it said. Raises LaunchError."""
        assert self._server
        words = ["listen", "--skip-update", "--forward-to", f"http://127.0.0.1:{self._server.server_port}/", *flags]
        output = self._cli.home / f"listen{len(flags)}.log"
        process = LaunchedTarget(
            LaunchSpec(
                self._cli.command(*words),
                self._cli.home,
                self._cli.environment(),
                output,
                scratch=(self._cli.home,),
                ready_within=_READY_S,
            )
        )
        self._process = process
        try:
            process.start()
            process.wait_ready(lambda: _READY in process.output())
        except LaunchError:
            process.stop()
            raise
        return process.output()

    def stop(self) -> None:
        """End it, and hear nothing more. Safe to call twice."""
        if self._process:
            self._process.stop()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    def _take(self, body: bytes, signature: str) -> int:
        """The status to answer with. Nothing is believed that the CLI has not signed."""
        try:
            signatures.verify(body, signature, self.secret, now=time.time())
        except signatures.SignatureError:
            return 400
        with contextlib.suppress(ValueError):
            event = json.loads(body)
            if isinstance(event, dict) and event.get("object") == "event" and isinstance(event.get("id"), str):
                self._heard(event, body, signature)
        return 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = self.headers.get("Content-Length", "")
                size = int(length) if length.isdigit() else 0
                status = (
                    413 if size > _BODY_CAP else take(self.rfile.read(size), self.headers.get("Stripe-Signature", ""))
                )
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
