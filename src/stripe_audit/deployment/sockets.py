"""The sockets of one transport, so that none of them outlives it.

httpcore closes what it drops from its pool one after the other; a check that is cancelled twice (its time is over, and
its tasks are ended) interrupts that, and the rest of them would stay open until they are collected.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

__all__ = ["Sockets"]


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens connections as httpcore does, and remembers those that are open."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()
        self._streams: list[httpcore.AsyncNetworkStream] = []

    @property
    def open(self) -> list[httpcore.AsyncNetworkStream]:
        """Those that are not closed."""
        return [stream for stream in self._streams if stream.get_extra_info("socket").fileno() >= 0]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = _Stream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))
        self._streams = [*self.open, stream]
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)

    async def aclose(self) -> None:
        """Close what is open."""
        for stream in self.open:
            await stream.aclose()


class _Stream(httpcore.AsyncNetworkStream):
    """A stream that knows its socket: httpcore asks every connection of its pool, twice a request, whether it is over.

    Asked for it each time, anyio collects all attributes of the stream, which took a tenth of a request.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")
        self._readable = select.poll() if hasattr(select, "poll") else None
        if self._readable and self._socket.fileno() >= 0:
            self._readable.register(self._socket.fileno(), select.POLLIN)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "socket":
            return self._socket
        if info == "is_readable" and self._readable:
            return self._socket.fileno() < 0 or bool(self._readable.poll(0))
        return self._stream.get_extra_info(info)
