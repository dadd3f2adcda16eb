"""Reading answers to webhook events off the wire, as little of them as is needed: the status, and where they end.

HTTP/1.1 as RFC 9112 has it: informational answers are passed over, bodies end by ``Content-Length``, by the last chunk,
or with the connection. The target is hostile input, so head and body are bounded.
"""

from __future__ import annotations

__all__ = ["HEAD_CAP", "KEPT", "AnswerReader", "BadAnswer"]

HEAD_CAP = 64 * 1024
BODY_CAP = 4 * 1024 * 1024
KEPT = 4096
"""Bytes of a body that are kept, to look for signs of live mode."""
_NO_BODY = frozenset((204, 205, 304))


class BadAnswer(ValueError):
    """What came is no answer of HTTP/1.1, or too much."""


class AnswerReader:
    """Reads one answer after the other. ``status`` and ``kept`` are those of the last one that was read whole."""

    __slots__ = ("_buffer", "_is_chunked", "_left", "_of_body", "_to_the_end", "is_last", "kept", "status")

    def __init__(self) -> None:
        self._buffer = b""
        self.begin()

    def begin(self) -> None:
        """Get ready for the next answer on the same connection."""
        self.status = 0
        self.kept = b""
        self.is_last = False
        self._left = -1
        self._of_body = 0
        self._is_chunked = self._to_the_end = False

    @property
    def has_begun(self) -> bool:
        """Whether anything of the answer has come."""
        return bool(self.status or self._buffer)

    def feed(self, data: bytes) -> bool:
        """Take what came; whether the answer is whole now. Raises BadAnswer."""
        self._buffer = self._buffer + data if self._buffer else data
        if not self.status and not self._head():
            return False
        return self._chunks() if self._is_chunked else self._body()

    def end(self) -> bool:
        """The connection was closed; whether that made the answer whole."""
        return bool(self.status) and self._to_the_end

    def _head(self) -> bool:
        """Read the head, if all of it is here; informational ones are passed over."""
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_CAP:
                    raise BadAnswer("the head of an answer is too long")
                return False
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            status = _status(head)
            if status == 101:
                raise BadAnswer("the answer changes to another protocol")
            if status >= 200:
                break
        self.status = status
        self._framing(head.lower())
        return True

    def _framing(self, head: bytes) -> None:
        fields = head.split(b"\r\n")[1:]
        lengths = {field[15:].strip() for field in fields if field.startswith(b"content-length:")}
        connection = b",".join(field[11:] for field in fields if field.startswith(b"connection:"))
        self.is_last = b"close" in connection or (head.startswith(b"http/1.0") and b"keep-alive" not in connection)
        if self.status in _NO_BODY:
            self._left = 0
        elif any(field.startswith(b"transfer-encoding:") and b"chunked" in field for field in fields):
            self._is_chunked = True
        elif lengths:
            length = lengths.pop()
            if lengths or not length.isdigit() or int(length) > BODY_CAP:
                raise BadAnswer("the length of an answer is wrong, or too large")
            self._left = int(length)
        else:
            self._to_the_end = self.is_last = True

    def _body(self) -> bool:
        taken = self._buffer if self._to_the_end else self._buffer[: self._left]
        self._keep(taken)
        self._buffer = self._buffer[len(taken) :]
        if self._to_the_end:
            return False
        self._left -= len(taken)
        return self._left == 0

    def _chunks(self) -> bool:
        while True:
            if self._left > 0:
                taken = self._buffer[: self._left]
                self._keep(taken)
                self._buffer, self._left = self._buffer[len(taken) :], self._left - len(taken)
                if self._left:
                    return False
                self._left = -2  # the line end after a chunk
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_CAP:
                    raise BadAnswer("a chunk of an answer has no length")
                return False
            line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
            if self._left == -2:
                self._left = -1
            elif self._left == -3:
                if not line:  # after the trailer
                    return True
            else:
                self._left = _chunk(line) or -3

    def _keep(self, body: bytes) -> None:
        self._of_body += len(body)
        if self._of_body > BODY_CAP:
            raise BadAnswer("the body of an answer is too large")
        if len(self.kept) < KEPT:
            self.kept += body[: KEPT - len(self.kept)]


def _status(head: bytes) -> int:
    line = head[:32]
    if not line.startswith(b"HTTP/1.") or not line[9:12].isdigit():
        raise BadAnswer("what came is no answer of HTTP/1.1")
    return int(line[9:12])


def _chunk(line: bytes) -> int:
    """How long a chunk is. Raises BadAnswer."""
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 8 or any(digit not in b"0123456789abcdefABCDEF" for digit in digits):
        raise BadAnswer("a chunk of an answer has no length")
    return int(digits, 16)
