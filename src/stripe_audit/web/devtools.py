"""A conversation with Chromium over its DevTools pipe: commands, answers, events. No port is opened.

The protocol: chromedevtools.github.io/devtools-protocol; messages are JSON, each ended by a NUL, on the browser's file
descriptors 3 and 4 (``--remote-debugging-pipe``). The browser ends when the pipe does, so that none outlives the audit.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["BrowserError", "Conversation", "browser_environment", "open_browser"]

_SWITCHES = (
    *("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-breakpad", "--mute-audio"),
    *("--metrics-recording-only", "--no-pings", "--no-proxy-server", "--ignore-certificate-errors"),
    *("--disable-features=IsolateOrigins,site-per-process,OptimizationHints,Translate,MediaRouter", "--incognito"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
)
"""Certificates are judged elsewhere (https-enforced); names are resolved for the target alone."""
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)
_LEAST_FD = 20
_LONGEST_HOME = 56
_ANSWER_S, _GOODBYE_S = 10.0, 3.0


class BrowserError(Exception):
    """The browser did not start, ended, or refused a command."""


class Conversation:
    """Commands and events. ``on_event`` gets each event's method, parameters and session."""

    def __init__(self, reader: asyncio.StreamReader, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self.on_event: Callable[[str, dict[str, Any]], None] = lambda method, params: None
        self._listener = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        try:
            while True:
                text = (await self._reader.readuntil(b"\0"))[:-1]
                message = json.loads(text)
                if waiting := self._waiting.pop(message.get("id", -1), None):
                    if not waiting.done():
                        waiting.set_result(message)
                elif "method" in message:
                    self.on_event(message["method"], message.get("params", {}))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(BrowserError("the browser has ended"))

    def send(self, method: str, session: str | None = None, **params: Any) -> asyncio.Future[dict[str, Any]]:
        """Send a command without waiting; the future holds the whole answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params, **({"sessionId": session} if session else {})}
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._count] = waiting
        try:
            os.write(self._writer, json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise BrowserError(f"the browser has ended ({error})") from None
        return waiting

    async def ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send a command; its result. Raises BrowserError."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                answer = await self.send(method, session, **params)
        except TimeoutError:
            raise BrowserError(f"the browser does not answer {method}") from None
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message', 'refused')}")
        result: dict[str, Any] = answer.get("result", {})
        return result

    async def aclose(self) -> None:
        """Stop listening."""
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
        for waiting in self._waiting.values():
            waiting.cancel()


@asynccontextmanager
async def open_browser(program: str, *, switches: Sequence[str] = ()) -> AsyncIterator[Conversation]:
    """Start a browser with a profile of its own, and end it and all that it left. Raises BrowserError."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="stripe-audit-browser-", ignore_cleanup_errors=True) as profile:
        commands, answers = _high(os.pipe()), _high(os.pipe())
        words = [program, *_SWITCHES, *switches, f"--user-data-dir={profile}", "about:blank"]
        try:
            process = subprocess.Popen(  # noqa: ASYNC220 - only starts; the launcher is a bare interpreter
                [sys.executable, "-I", "-S", "-c", _LAUNCH, str(commands[0]), str(answers[1]), *words],
                pass_fds=(commands[0], answers[1]),
                env=browser_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(commands[0])
            os.close(answers[1])
        stream = os.fdopen(answers[0], "rb", buffering=0)
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stream)
        conversation = Conversation(reader, commands[1])
        try:
            yield conversation
        finally:
            await _farewell(conversation, process)
            await conversation.aclose()
            transport.close()
            os.close(commands[1])
            await asyncio.to_thread(_end, process)


def browser_environment() -> dict[str, str]:
    """The caller's, with the browser's own temporary files where ours are, so that they go with them.

    It puts a socket there, whose path must not get too long (unix(7): 108 bytes, of which its name takes 46).
    """
    ours = tempfile.gettempdir()
    return {**os.environ, **({"TMPDIR": ours} if len(os.fsencode(ours)) <= _LONGEST_HOME else {})}


def _high(pair: tuple[int, int]) -> tuple[int, int]:
    """The same pipe on numbers that do not get into the way of 3 and 4."""
    moved = tuple(fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _LEAST_FD) for number in pair)
    for number in pair:
        os.close(number)
    return moved[0], moved[1]


async def _farewell(conversation: Conversation, process: subprocess.Popen[bytes]) -> None:
    """Let the browser end its own processes, as far as it still can."""
    with contextlib.suppress(BrowserError, asyncio.CancelledError):
        conversation.send("Browser.close")
    with contextlib.suppress(subprocess.TimeoutExpired):
        await asyncio.to_thread(process.wait, _GOODBYE_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
