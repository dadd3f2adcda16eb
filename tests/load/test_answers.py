"""Answers as they come off the wire: whole, in pieces, and hostile."""

from __future__ import annotations

import pytest

from stripe_audit.load.answers import BODY_CAP, HEAD_CAP, KEPT, AnswerReader, BadAnswer

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "a length": (OK + b"Content-Length: 5\r\n\r\nhello", 200, b"hello", False),
    "an empty body": (OK + b"content-length: 0\r\n\r\n", 200, b"", False),
    "no body at all": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", False),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", 200, b"hello", False),
    "chunks and a trailer": (
        OK + b"transfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\nx-more: 1\r\n\r\n",
        200,
        b"hello",
        False,
    ),
    "an informational answer first": (
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
        200,
        b"ok",
        False,
    ),
    "one that is the last": (b"HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", 500, b"no", True),
    "an older protocol": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
    "no reason": (b"HTTP/1.1 429\r\nContent-Length: 0\r\n\r\n", 429, b"", False),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_an_answer_is_read_whole_however_it_comes(name: str, step: int) -> None:
    data, status, body, is_last = ANSWERS[name]
    reader = AnswerReader()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert (reader.status, reader.kept, reader.is_last) == (status, body, is_last)
    reader.begin()
    assert not reader.has_begun and reader.feed(ANSWERS["a length"][0])


def test_without_a_length_the_end_of_the_connection_is_the_end() -> None:
    reader = AnswerReader()
    assert not reader.feed(OK + b"\r\nall of this") and not reader.feed(b" and that")
    assert reader.end() and reader.kept == b"all of this and that" and reader.is_last


def test_an_end_before_the_whole_answer_is_none() -> None:
    reader = AnswerReader()
    assert not reader.feed(OK + b"Content-Length: 9\r\n\r\nhalf")
    assert reader.has_begun and not reader.end()


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        OK + b"Content-Length: %d\r\n\r\n" % (BODY_CAP + 1),
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * (HEAD_CAP + 1),
        b"HTTP/1.1 200 OK\r\n" + b"x" * HEAD_CAP,
        OK + b"\r\n" + b"x" * (BODY_CAP + 1),
    ],
)
def test_what_is_no_answer_is_told(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        AnswerReader().feed(data)


def test_only_the_beginning_of_a_body_is_kept() -> None:
    reader = AnswerReader()
    assert reader.feed(OK + b"Content-Length: %d\r\n\r\n" % (KEPT * 3) + b"x" * KEPT * 3)
    assert reader.kept == b"x" * KEPT
