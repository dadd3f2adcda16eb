"""A server that writes to the socket what no HTTP library would let it: for tests of hostile targets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """Reads one request after the other, keeps it in ``requests``, and lets ``answer`` write whatever it likes."""

    def __init__(self, answer: Answering, *, keeps_alive: bool = False) -> None:
        self._answer = answer
        self._keeps_alive = keeps_alive
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while request := await self._request(reader):
                self.requests.append(request)
                await self._answer(writer)
                if not self._keeps_alive:
                    break
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)


def says(*pieces: bytes) -> Answering:
    """Writes these bytes and no more."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return answer


def without_end(head: bytes, piece: bytes) -> Answering:
    """Writes for as long as the other side listens."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    return answer


async def nothing(writer: asyncio.StreamWriter) -> None:
    """Accepts and keeps silent."""
    await asyncio.Event().wait()


def then_nothing(*pieces: bytes) -> Answering:
    """Writes a beginning and keeps silent, the connection open."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await says(*pieces)(writer)
        await nothing(writer)

    return answer


def then_reset(*pieces: bytes) -> Answering:
    """Writes a beginning and resets the connection."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await says(*pieces)(writer)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer


def whole(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A right answer, for a start."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
