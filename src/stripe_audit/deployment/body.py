"""Reading the body of an answer: decompressed step by step, so that a bomb stops at the cap."""

from __future__ import annotations

import zlib

import httpx

__all__ = ["BrokenBody", "read_body"]

_GZIP_OR_ZLIB = 47
_BARE_DEFLATE = -15
"""Window sizes of zlib: 32 + 15 finds out by itself; some servers send deflate without zlib's frame."""
_GZIP_MAGIC = b"\x1f\x8b"


class BrokenBody(Exception):
    """The body is not in the encoding that its header names, or ends in the middle of it."""


async def read_body(response: httpx.Response, cap: int) -> tuple[bytes, bool]:
    """The body, and whether it was cut. Neither what is sent nor what it unfolds to exceeds the cap by much."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    unfolding = _Unfolding(encoding) if encoding in ("gzip", "x-gzip", "deflate") else None
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        body += unfolding.feed(chunk, cap + 1 - len(body)) if unfolding else chunk
        if len(body) > cap or received > cap:
            return bytes(body[:cap]), True
    if unfolding and received and not unfolding.is_whole:
        raise BrokenBody
    return bytes(body), False


class _Unfolding:
    """gzip (one member or several) and deflate. What follows the end is ignored, as browsers do."""

    def __init__(self, encoding: str) -> None:
        self._may_be_bare = encoding == "deflate"
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self.is_whole = False

    def feed(self, chunk: bytes, room: int) -> bytes:
        """What the chunk unfolds to, at most ``room`` bytes of it. Raises BrokenBody."""
        unfolded = bytearray()
        while chunk and len(unfolded) < room and not self.is_whole:
            unfolded += self._unfold(chunk, room - len(unfolded))
            chunk = self._stream.unconsumed_tail
            if self._stream.eof:
                chunk = self._stream.unused_data
                self.is_whole = not chunk.startswith(_GZIP_MAGIC)
                self._stream = self._stream if self.is_whole else zlib.decompressobj(_GZIP_OR_ZLIB)
        return bytes(unfolded)

    def _unfold(self, chunk: bytes, room: int) -> bytes:
        may_be_bare, self._may_be_bare = self._may_be_bare, False
        try:
            return self._stream.decompress(chunk, room)
        except zlib.error as error:
            if not may_be_bare:
                raise BrokenBody from error
            self._stream = zlib.decompressobj(_BARE_DEFLATE)
            return self._unfold(chunk, room)
