"""A CONNECT proxy on the loopback (RFC 9110, section 9.3.6) that ends TLS for Stripe's API, for the emulator.

Stripe's other hosts are refused; every other tunnel is what it would be without this one, through the caller's own
proxy where there is one. Connections are true ones: what the emulator resets is reset.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import struct
import threading
from urllib.parse import unquote, urlsplit

from stripe_audit.deployment.launch.proxy.hosts import API_HOSTS, is_stripes
from stripe_audit.errors import LaunchError

__all__ = ["StripeProxy"]

_HEAD_CAP = 16 * 1024
_HEAD_S = 30.0
_START_S = 10.0
_CHUNK = 64 * 1024
_MOST_REFUSED = 100
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # socket(7): linger, for no time
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class StripeProxy:
    """Start it, tell the target its ``url`` as HTTPS_PROXY, stop it. Runs in a thread and a loop of its own."""

    def __init__(self, stripe_url: str, context: ssl.SSLContext, upstream: str | None = None) -> None:
        """``upstream`` is the caller's own proxy, ``http://user:password@host:port``, for what is not Stripe's."""
        address = urlsplit(stripe_url)
        self.url = ""
        """What HTTPS_PROXY is set to; empty while it does not listen."""
        self._stripe = (address.hostname or "127.0.0.1", address.port or 80)
        self._context = context
        self._upstream = urlsplit(upstream) if upstream else None
        self._refused: dict[str, None] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="stripe-proxy")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen on a free port of the loopback. Raises LaunchError."""
        self._thread.start()
        try:
            listening = asyncio.start_server(self._meet, "127.0.0.1", 0, limit=_HEAD_CAP)
            self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(_START_S)
        except OSError as error:
            raise LaunchError(f"the audit's proxy cannot listen: {error.strerror or error}") from None
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """Close all connections and end the thread. Safe to call twice."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_START_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_START_S)
            self._loop.close()

    async def _end(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def refused(self) -> tuple[str, ...]:
        """Hosts of Stripe's that were asked for, and refused."""
        return tuple(self._refused)

    # One connection

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:  # the end; a server's callback may not be cancelled aloud
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await _head(reader)
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        if method != "CONNECT":
            await self._plainly((reader, writer), head)
            return
        host, _, port = rest.split(" ")[0].rpartition(":")
        host = host.strip("[]").lower()
        if host.rstrip(".") in API_HOSTS and port == "443":
            stripe = await asyncio.open_connection(*self._stripe)
            writer.write(_ESTABLISHED)
            await writer.start_tls(self._context)
            await _pump((reader, writer), stripe)
        elif is_stripes(host) or not port.isdigit():
            await self._keep_from(host, writer)
        else:
            await self._onward((reader, writer), host, int(port))

    async def _keep_from(self, host: str, writer: asyncio.StreamWriter) -> None:
        if len(self._refused) < _MOST_REFUSED:
            self._refused[host] = None
        await _refuse(writer, "403 stripe-audit keeps this process from the real Stripe")

    async def _plainly(self, client: _Ends, head: bytes) -> None:
        """A request without TLS, for those whose http_proxy this is too (Ruby's Net::HTTP knows no other)."""
        first, _, fields = head.partition(b"\r\n")
        method, _, rest = first.partition(b" ")
        url = urlsplit(rest.rpartition(b" ")[0].decode("latin-1"))
        if url.scheme != "http" or not url.hostname:
            await _refuse(client[1], "400 Bad Request")
        elif is_stripes(url.hostname):
            await self._keep_from(url.hostname, client[1])
        else:
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            line = f" {path} HTTP/1.1\r\nConnection: close\r\n".encode("latin-1")
            kept = [one for one in fields.split(b"\r\n") if not one.lower().startswith((b"connection:", b"proxy-"))]
            if self._upstream:
                other = await asyncio.open_connection(self._upstream.hostname, self._upstream.port or 80)
                line = first[len(method) :] + b"\r\n" + self._known() + b"Connection: close\r\n"
            else:
                other = await asyncio.open_connection(url.hostname, url.port or 80)
            other[1].write(method + line + b"\r\n".join(kept))
            await _pump(client, other)

    def _known(self) -> bytes:
        """How the audit's proxy makes itself known to the caller's."""
        proxy = self._upstream
        if proxy is None or not proxy.username:
            return b""
        name = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        return b"Proxy-Authorization: Basic " + base64.b64encode(name.encode()) + b"\r\n"

    async def _onward(self, client: _Ends, host: str, port: int) -> None:
        try:
            other = await (self._by_upstream(host, port) if self._upstream else asyncio.open_connection(host, port))
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            await _refuse(client[1], "502 No connection")
            return
        client[1].write(_ESTABLISHED)
        await _pump(client, other)

    async def _by_upstream(self, host: str, port: int) -> _Ends:
        """A tunnel through the caller's proxy. Raises OSError where it refuses."""
        proxy = self._upstream
        assert proxy
        is_secure = ssl.create_default_context() if proxy.scheme == "https" else None
        reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or 80, ssl=is_secure)
        writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n".encode() + self._known() + b"\r\n")
        if (await _head(reader)).split(b" ")[1:2] != [b"200"]:
            writer.transport.abort()
            raise OSError("the proxy of the caller's environment refused")
        return reader, writer


async def _head(reader: asyncio.StreamReader) -> bytes:
    """What comes up to an empty line, and that line."""
    async with asyncio.timeout(_HEAD_S):
        return await reader.readuntil(b"\r\n\r\n")


async def _refuse(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def _pump(one: _Ends, other: _Ends) -> None:
    """Hand on, both ways, until one way has ended; a reset of one is a reset of the other."""
    try:
        there = asyncio.create_task(_hand_on(one[0], other[1]))
        back = asyncio.create_task(_hand_on(other[0], one[1]))
        done, waiting = await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if any(isinstance(task.exception(), ConnectionResetError) for task in done):
            for _, writer in (one, other):
                _reset_on_close(writer)
        else:
            one[1].close()
            await one[1].wait_closed()
    finally:
        other[1].transport.abort()


async def _hand_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
