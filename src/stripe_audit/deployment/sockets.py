"""The sockets of one transport, so that none of them outlives it.

httpcore closes what it drops from its pool one after the other; a check that is cancelled twice (its time is over, and
its tasks are ended) interrupts that, and the rest of them would stay open until they are collected.
"""

from __future__ import annotations

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
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        self._streams = [*self.open, stream]
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)

    async def aclose(self) -> None:
        """Close what is open."""
        for stream in self.open:
            await stream.aclose()
