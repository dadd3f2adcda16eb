"""The quick way in: plain API calls are read and answered here; for all else aiohttp takes the connection over.

An HTTP server for every case costs more than the call that it carries: as many requests are answered twice as fast. A
call is plain if nothing about it can be understood in two ways: HTTP/1.1, a path of ordinary characters, each header
once, and a body whose length is given.
"""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple, cast

__all__ = ["MOST_BODY", "Entrance", "Head", "head_of"]

MOST_HEAD = 16 * 1024
LONGEST_LENGTH = 9
MOST_BODY = 256 * 1024
"""Bytes. What is longer goes to aiohttp, which has limits of its own."""
_REQUEST = re.compile(r"(GET|POST|DELETE) (/v[12]/[A-Za-z0-9_./-]*)(?:\?([!\"$-~]*))? HTTP/1\.1")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_FILES = "/v1/files"
_UNUSUAL = frozenset(("transfer-encoding", "expect", "upgrade", "content-encoding", "te", "trailer"))
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}

Answer = Callable[[str, str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""From method, path, query, headers (their names in lower case) and body, to status, headers and body."""


class Head(NamedTuple):
    """The first line and the headers, their names in lower case. ``length`` is the body's, in bytes."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    length: int
    is_last: bool
    """Whether the client wants the connection to end with the answer."""


def head_of(text: bytes) -> Head | None:
    """The head of a plain call, from its bytes without the empty line at the end; None where it is not plain."""
    first, *lines = text.decode("latin-1").split("\r\n")
    request = _REQUEST.fullmatch(first)
    if request is None or request[2].startswith(_FILES) or "/." in first or not text.isascii():
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.partition(":")
        known = _lowered(name)
        if known is None or not separator or not value.isprintable():
            return None
        headers[known] = value.strip(" ")
    length, connection = headers.get("content-length", "0"), headers.get("connection", "keep-alive").lower()
    if (
        len(headers) != len(lines)  # one was given twice
        or "host" not in headers
        or not _UNUSUAL.isdisjoint(headers)
        or connection not in ("keep-alive", "close")
        or not length.isdigit()
        or len(length) > LONGEST_LENGTH
    ):
        return None
    method, path, query = request.groups()
    return Head(method, path, query or "", headers, int(length), connection == "close")


@functools.lru_cache(maxsize=512)
def _lowered(name: str) -> str | None:
    return name.lower() if _NAME.fullmatch(name) else None


class Entrance:
    """Makes a protocol for each connection, for ``loop.create_server``.

    ``answer`` answers plain calls while ``is_open`` says so; ``otherwise`` makes the protocol that takes all else.
    """

    def __init__(
        self, answer: Answer, is_open: Callable[[], bool], otherwise: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        self.answer = answer
        self.is_open = is_open
        self.otherwise = otherwise
        self.wires: set[_Wire] = set()
        """Connections that have not been handed over."""

    def __call__(self) -> asyncio.Protocol:
        return _Wire(self)

    def close(self) -> None:
        """Close what has not been handed over, once its answers are sent."""
        for wire in list(self.wires):
            wire.close()


class _Wire(asyncio.Protocol):
    """One connection. Its requests are answered one after the other, as HTTP/1.1 has them."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._head: tuple[Head, int] | None = None
        """The head of the request whose body is on its way, and where that begins."""
        self._is_full = False
        """Whether the client leaves so many answers unread that no further request is looked at."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._entrance.wires.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._entrance.wires.discard(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def pause_writing(self) -> None:
        self._is_full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._go_on()

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        self._go_on()

    def _go_on(self) -> None:
        transport = self._transport
        while self._received and transport is not None and not self._is_full and not transport.is_closing():
            if self._head is None and not self._begin():
                self._hand_over(transport)
                return
            assert self._head is not None
            head, start = self._head
            end = start + head.length
            if len(self._received) < end:
                return
            if not self._entrance.is_open():
                self._hand_over(transport)
                return
            body, self._received = self._received[start:end], self._received[end:]
            self._head = None
            status, headers, answer = self._entrance.answer(head.method, head.path, head.query, head.headers, body)
            transport.write(_encoded(status, headers, answer, is_last=head.is_last))
            if head.is_last:
                transport.close()

    def _begin(self) -> bool:
        """Read a head; False if aiohttp has to."""
        end = self._received.find(b"\r\n\r\n", 0, MOST_HEAD)
        head = head_of(self._received[:end]) if end >= 0 else None
        if head is None or head.length > MOST_BODY:
            return False
        self._head = head, end + 4
        return True

    def _hand_over(self, transport: asyncio.Transport) -> None:
        other = cast("asyncio.Protocol", self._entrance.otherwise())
        self._entrance.wires.discard(self)
        self._transport = None
        transport.set_protocol(other)
        other.connection_made(transport)
        other.data_received(self._received)


def _encoded(status: int, headers: Mapping[str, str], body: bytes, *, is_last: bool) -> bytes:
    told = "".join([f"\r\n{name}: {value}" for name, value in headers.items()])
    if is_last:
        told += "\r\nConnection: close"
    rest = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nDate: {_date(int(time.time()))}"
    return f"{_LINES[status]}{told}\r\n{rest}\r\n\r\n".encode("latin-1") + body


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""RFC 9110, 5.6.7. ``strftime`` would write them in the user's language."""


@functools.lru_cache(maxsize=2)
def _date(second: int) -> str:
    now = time.gmtime(second)
    day = f"{_DAYS[now.tm_wday]}, {now.tm_mday:02d} {_MONTHS[now.tm_mon - 1]} {now.tm_year}"
    return f"{day} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d} GMT"
