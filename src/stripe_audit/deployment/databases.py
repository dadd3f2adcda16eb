"""Taking the target's database away for a moment, in the way that the settings declare.

Nothing is written to it. What was taken away comes back at the end of the ``async with``, and at the latest when the
run's stage closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import struct
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from stripe_audit.errors import Inconclusive, TargetError

__all__ = ["CommandedDatabase", "Database", "LockedDatabase", "ProxiedDatabase"]

_LOCK_WAIT_S = 5.0
_TAIL = 500
_CHUNK = 65536


class Database(ABC):
    """The target's database, as far as it can be taken away. ``title`` says what is done to it."""

    title: str

    def start(self) -> None:  # noqa: B027 - most need nothing
        """Before the target is launched. Raises TargetError."""

    def stop(self) -> None:
        """At the end of the run: whatever was taken away is given back. Safe to call twice."""
        with contextlib.suppress(Inconclusive):
            self._bring_up()

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """The database is gone for as long as this lasts. Raises Inconclusive where it cannot be taken away."""
        try:
            await asyncio.to_thread(self._take_down)
            yield
        finally:
            await asyncio.to_thread(self._bring_up)

    @abstractmethod
    def _take_down(self) -> None: ...

    @abstractmethod
    def _bring_up(self) -> None:
        """Safe to call while nothing is down."""


class LockedDatabase(Database):
    """An SQLite file, kept locked: nobody else can write, and outside of WAL mode nobody can read either."""

    title = "the SQLite file is locked"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holder: sqlite3.Connection | None = None

    def _take_down(self) -> None:
        try:
            holder = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=_LOCK_WAIT_S,
                check_same_thread=False,
            )
            with contextlib.ExitStack() as unless_locked:
                unless_locked.callback(holder.close)
                holder.execute("BEGIN EXCLUSIVE")
                unless_locked.pop_all()
        except sqlite3.Error as error:
            raise Inconclusive(
                f"the database {self._path.name} cannot be locked: {error}", supply="target.database.path"
            ) from None
        self._holder = holder

    def _bring_up(self) -> None:
        holder, self._holder = self._holder, None
        if holder:
            holder.close()  # nothing was written, and nothing is kept


class CommandedDatabase(Database):
    """Any database: one command takes it down, another brings it up and returns once it answers again."""

    title = "the database is stopped by a command"

    def __init__(
        self, down: Sequence[str], up: Sequence[str], *, cwd: Path, env: Mapping[str, str], within: float
    ) -> None:
        self._commands = {"down": tuple(down), "up": tuple(up)}
        self._cwd, self._env, self._within = cwd, dict(env), within
        self._is_down = False

    def _take_down(self) -> None:
        self._is_down = True  # also where the command fails half-way
        self._run("down")

    def _bring_up(self) -> None:
        if self._is_down:
            self._is_down = False
            self._run("up")

    def _run(self, name: str) -> None:
        setting = f"target.database.{name}"
        try:
            done = subprocess.run(
                self._commands[name],
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._within,
            )
        except subprocess.TimeoutExpired:
            raise Inconclusive(f"{setting} did not end within {self._within:g} s", supply=setting) from None
        except OSError as error:
            raise Inconclusive(f"{setting} cannot be run: {error.strerror}", supply=setting) from None
        if done.returncode:
            said = done.stdout.decode("utf-8", "replace").strip()[-_TAIL:]
            raise Inconclusive(f"{setting} ended with code {done.returncode}: {said or 'no output'}", supply=setting)


class ProxiedDatabase(Database):
    """Any database behind a TCP connection: the target connects to a port of the audit's, which can hang up."""

    title = "connections to the database are reset"

    def __init__(self, upstream: tuple[str, int], port: int = 0) -> None:
        self._upstream = upstream
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None
        self._is_down = False
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where the target is to connect to."""
        return "127.0.0.1", self._port

    def start(self) -> None:
        """Listen. Raises TargetError if the port is taken."""
        loop = asyncio.new_event_loop()
        try:
            self._server = loop.run_until_complete(asyncio.start_server(self._meet, "127.0.0.1", self._port))
        except OSError as error:
            loop.close()
            raise TargetError(
                f"the way to the database cannot listen on port {self._port}: {error.strerror}",
                hint="target.database.port: 0 takes a free one",
            ) from None
        self._port = int(self._server.sockets[0].getsockname()[1])
        self._loop = loop
        self._thread = threading.Thread(target=loop.run_forever, name="way to the database", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hang up and stop listening."""
        thread, self._thread = self._thread, None
        loop, self._loop = self._loop, None
        if thread and loop:
            asyncio.run_coroutine_threadsafe(self._close(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            loop.close()

    async def _close(self) -> None:
        assert self._server
        self._server.close()
        await self._hang_up()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _take_down(self) -> None:
        self._is_down = True
        if self._loop:
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(5)

    def _bring_up(self) -> None:
        self._is_down = False

    async def _hang_up(self) -> None:
        """Reset every connection, as a server that dies does."""
        for writer in list(self._open):
            _reset(writer)
        self._open.clear()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_down:
            _reset(writer)
            return
        try:
            above, below = await asyncio.open_connection(*self._upstream)
        except OSError:
            _reset(writer)
            return
        both = {writer, below}
        self._open |= both
        try:
            await asyncio.gather(_pump(reader, below), _pump(above, writer))
        except asyncio.CancelledError:  # by our own stop; asyncio would log it as a failure
            pass
        finally:
            self._open -= both
            for end in both:
                end.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what comes, and the end of it."""
    with contextlib.suppress(OSError):
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, AttributeError):
        linger = struct.pack("ii", 1, 0)  # closing with this set sends RST (socket(7))
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
