"""The sender: signed events at their moments, from one core, however slowly they are answered.

It is an open loop: the schedule does not wait for answers, and each latency counts from the moment when its event was
*due*. A loop that sends the next event when the last was answered would send less just when the target is slow, and
miss the very waiting that it is to measure ("coordinated omission").

httpx is not used here: with it a core sends some hundreds of events a second, with this more than ten thousand
(``python benchmarks/load.py --httpx``), and what the sender cannot do would be taken for the target's slowness. So it
writes requests itself, on asyncio's own connections, kept alive as Stripe's are.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from stripe_audit.load.answers import AnswerReader, BadAnswer
from stripe_audit.load.shots import Endpoint, Shot, ShotAnswered, written

__all__ = ["Sender"]

_SWEEP_S = 0.05
"""How often connections are looked at that have waited too long."""
_AHEAD_S = 0.0005
"""What is due so soon is sent now: the loop's own clock is not finer."""


class _Connection(asyncio.Protocol):
    """One connection; carries one event at a time."""

    __slots__ = ("_is_reused", "_reader", "_sender", "due_by", "key", "request", "sent", "shot", "transport")

    def __init__(self, sender: Sender, key: int) -> None:
        self._sender = sender
        self._reader = AnswerReader()
        self._is_reused = False
        self.key = key
        self.shot: Shot | None = None
        self.request = b""
        self.sent = self.due_by = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._sender.is_open(self)

    def carry(self, shot: Shot, request: bytes, now: float, within: float) -> None:
        assert self.transport is not None
        self.shot, self.request, self.sent, self.due_by = shot, request, now, now + within
        self._reader.begin()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.shot is None:
            self.cut("something came that nobody had asked for")
            return
        try:
            is_whole = self._reader.feed(data)
        except BadAnswer as error:
            self.cut(str(error))
            return
        if is_whole:
            self._is_over()

    def _is_over(self) -> None:
        reader, shot = self._reader, self.shot
        assert shot is not None and self.transport is not None
        self.shot, self._is_reused = None, True
        is_last = reader.is_last or self.transport.is_closing()
        if is_last:
            self.transport.close()
        self._sender.is_answered(self, shot, reader.status, reader.kept, is_last=is_last)

    def connection_lost(self, exc: Exception | None) -> None:
        shot = self.shot
        if shot is None:
            self._sender.is_gone(self, None)
        elif self._reader.end():
            self._is_over()
        elif self._is_reused and not self._reader.has_begun:  # closed by the target before it had read it
            self._sender.is_gone(self, shot)
        else:
            self.cut("the connection was reset" if exc else "the connection was closed before an answer came")

    def cut(self, reason: str) -> None:
        """End it; the event that it carried has no answer."""
        shot, self.shot = self.shot, None
        if self.transport is not None:
            self.transport.abort()
        self._sender.has_failed(self, shot, reason)


class Sender:
    """Sends one schedule. ``stop`` ends it early; what is under way is still waited for.

    ``connections`` bounds how many events are under way at the same moment; what is due beyond that waits for its
    turn, and the waiting counts. ``within``, in seconds, is how long an answer may take once the event was sent.
    ``on_answer`` hears the beginning of each answer's body. ``opened`` counts connections; ``latest`` is by how much
    the sender itself was late at worst, in seconds: figures of a run in which that is much say little.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        connections: int = 128,
        within: float = 10.0,
        on_answer: Callable[[bytes], None] | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._most = connections
        self._within = within
        self._on_answer = on_answer
        self._idle: list[list[_Connection]] = [[] for _ in endpoints]
        self._waiting: list[deque[Shot]] = [deque() for _ in endpoints]
        self._busy: set[_Connection] = set()
        self._count = 0
        self._opening: set[asyncio.Task[None]] = set()
        self._to_come = [0] * len(endpoints)
        self._is_stopped = self._is_all_out = False
        self._left = 0
        self._done = asyncio.Event()
        self._answered: list[ShotAnswered] = []
        self._start = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.opened = 0
        self.latest = 0.0

    def stop(self) -> None:
        """Send nothing more, from the loop that sends; what waits for a connection is dropped."""
        self._is_stopped = True
        for waiting in self._waiting:
            self._left -= len(waiting)
            waiting.clear()
        self._look_for_the_end()

    async def send(self, shots: Sequence[Shot]) -> list[ShotAnswered]:
        """Send each at its moment, in the order of the moments; what came of them, in the order in which it came."""
        self._loop = loop = asyncio.get_running_loop()
        self._start = loop.time()
        sweeping = loop.create_task(self._sweep())
        try:
            for shot in shots:
                pause = self._start + shot.at - loop.time()
                if pause > _AHEAD_S:
                    await asyncio.sleep(pause)
                if self._is_stopped:
                    break
                self.latest = max(self.latest, loop.time() - self._start - shot.at)
                self._left += 1
                self._dispatch(shot)
            self._is_all_out = True
            self._look_for_the_end()
            await self._done.wait()
        finally:
            sweeping.cancel()
            for task in self._opening:
                task.cancel()
            await asyncio.gather(sweeping, *self._opening, return_exceptions=True)
            for connection in [*self._busy, *(one for idle in self._idle for one in idle)]:
                if connection.transport is not None:
                    connection.shot = None
                    connection.transport.abort()
            await asyncio.sleep(0)
        return self._answered

    def _now(self) -> float:
        assert self._loop is not None
        return self._loop.time() - self._start

    def _dispatch(self, shot: Shot) -> None:
        key = shot.endpoint
        if self._idle[key]:
            self._carry(self._idle[key].pop(), shot)
            return
        self._waiting[key].append(shot)
        self._open_for(key)

    def _open_for(self, key: int) -> None:
        """Another connection, if more wait than are being opened, and there is room."""
        if len(self._waiting[key]) <= self._to_come[key]:
            return
        if self._count >= self._most:
            other = next((idle for idle in self._idle if idle), None)
            if other is None:
                return
            connection = other.pop()
            self._count -= 1
            assert connection.transport is not None
            connection.key = -1  # what it says on its way out is nobody's business
            connection.transport.close()
        assert self._loop is not None
        self._count += 1
        self._to_come[key] += 1
        task = self._loop.create_task(self._open(key))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, key: int) -> None:
        assert self._loop is not None
        endpoint = self._endpoints[key]
        try:
            async with asyncio.timeout(self._within):
                name = endpoint.host if endpoint.tls else None
                await self._loop.create_connection(
                    lambda: _Connection(self, key), endpoint.host, endpoint.port, ssl=endpoint.tls, server_hostname=name
                )
            self.opened += 1
        except (OSError, TimeoutError) as error:
            self._count -= 1
            self._to_come[key] -= 1
            if self._waiting[key]:
                reason = "no connection in time" if isinstance(error, TimeoutError) else f"no connection ({error})"
                self._note(self._waiting[key].popleft(), self._now(), None, reason)
            self._open_for(key)

    def _carry(self, connection: _Connection, shot: Shot) -> None:
        endpoint = self._endpoints[shot.endpoint]
        self._busy.add(connection)
        connection.carry(shot, written(endpoint, shot.body, int(time.time())), self._now(), self._within)

    # What connections say

    def is_open(self, connection: _Connection) -> None:
        """It was opened just now."""
        self._to_come[connection.key] -= 1
        self.is_free(connection)

    def is_free(self, connection: _Connection) -> None:
        """It can carry the next event."""
        waiting = self._waiting[connection.key]
        if waiting:
            self._carry(connection, waiting.popleft())
        else:
            self._idle[connection.key].append(connection)

    def is_answered(self, connection: _Connection, shot: Shot, status: int, kept: bytes, *, is_last: bool) -> None:
        """An answer came."""
        self._busy.discard(connection)
        self._note(shot, connection.sent, status)
        if self._on_answer:
            self._on_answer(kept)
        if is_last:
            self._count -= 1
            self._open_for(connection.key)
            connection.key = -1
        else:
            self.is_free(connection)

    def has_failed(self, connection: _Connection, shot: Shot | None, reason: str) -> None:
        """No answer came."""
        sent = connection.sent
        self.is_gone(connection, None)
        if shot is not None:
            self._note(shot, sent, None, reason)

    def is_gone(self, connection: _Connection, unread: Shot | None) -> None:
        """It is closed; ``unread`` goes out again on another one, as an HTTP client does with a stale connection."""
        self._busy.discard(connection)
        key, connection.key = connection.key, -1
        if key < 0:
            return
        self._count -= 1
        if connection in self._idle[key]:
            self._idle[key].remove(connection)
        if unread is not None:
            self._waiting[key].appendleft(unread)
        self._open_for(key)

    def _note(self, shot: Shot, sent: float, status: int | None, error: str = "") -> None:
        self._answered.append(ShotAnswered(shot, sent, self._now(), status, error))
        self._left -= 1
        self._look_for_the_end()

    def _look_for_the_end(self) -> None:
        if not self._left and (self._is_all_out or self._is_stopped):
            self._done.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = self._now()
            for connection in [one for one in self._busy if one.due_by < now]:
                connection.cut(f"no answer within {self._within:g} s")
            for waiting in self._waiting:
                while waiting and waiting[0].at + self._within < now:
                    self._note(waiting.popleft(), now, None, f"no connection was free for {self._within:g} s")
