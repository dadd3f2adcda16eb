"""The open-loop sender against servers that answer, wait, refuse, hang up and talk nonsense."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from stripe_audit import signatures
from stripe_audit.load.sender import Sender
from stripe_audit.load.shots import Endpoint, Shot, ShotAnswered, is_taken, on_schedule

SECRET = "whsec_" + "t" * 32
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Handle = Callable[[bytes, bytes, asyncio.StreamWriter], Awaitable[None]]


def shots(count: int, rate: float = 1000.0, endpoint: int = 0) -> list[Shot]:
    made = [
        Shot(0.0, f"evt_{n}", "payment_intent.succeeded", f"o{n}", endpoint, b'{"n": %d}' % n) for n in range(count)
    ]
    return on_schedule(made, rate)


async def served(handle: Handle) -> asyncio.Server:
    """A server that hands each request's head and body over."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                await handle(head, await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(one, "127.0.0.1", 0)


def sent(handle: Handle, sending: list[Shot], **options: float) -> tuple[list[ShotAnswered], Sender]:
    async def run() -> tuple[list[ShotAnswered], Sender]:
        server = await served(handle)
        port = server.sockets[0].getsockname()[1]
        endpoints = [Endpoint(f"http://127.0.0.1:{port}/{path}", SECRET) for path in ("hook", "other?x=1")]
        sender = Sender(endpoints, **options)  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(20):
                return await sender.send(sending), sender
        finally:
            server.close()

    return asyncio.run(run())


async def take(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


def test_every_event_arrives_once_signed_over_its_body_at_its_endpoint() -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def note(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append((head, body))
        writer.write(OK)

    answered, _ = sent(note, shots(60) + [one._replace(at=0.06) for one in shots(5, endpoint=1)])
    assert len(answered) == 65 and all(map(is_taken, answered))
    assert sorted(body for head, body in seen if head.startswith(b"POST /hook HTTP/1.1\r\nhost: 127.0.0.1:")) == sorted(
        shot.body for shot in shots(60)
    )
    assert sum(head.startswith(b"POST /other?x=1 HTTP/1.1\r\n") for head, _ in seen) == 5
    for head, body in seen:
        header = head.partition(b"stripe-signature: ")[2].split(b"\r\n")[0].decode()
        signatures.verify(body, header, SECRET, now=time.time())


def test_connections_are_kept_and_are_no_more_than_asked_for() -> None:
    answered, sender = sent(take, shots(100), connections=3)
    assert all(map(is_taken, answered)) and sender.opened <= 3


def test_latency_counts_from_the_moment_when_an_event_was_due() -> None:
    """One connection and a slow target: whoever waits for answers before the next event would see 20 ms each time."""

    async def slowly(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        writer.write(OK)

    answered, sender = sent(slowly, shots(20, rate=1000.0), connections=1)
    assert sender.opened == 1
    assert answered[-1].latency_ms > 20 * 20 - 30  # it was due after 19 ms, and its turn came after 19 others
    assert answered[-1].done - answered[-1].sent < 0.2


def test_events_go_out_on_time_while_none_is_answered() -> None:
    arrived: list[bytes] = []

    async def wait(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        arrived.append(body)
        while len(arrived) < 30:
            await asyncio.sleep(0.005)
        writer.write(OK)

    answered, _ = sent(wait, shots(30), connections=64)
    assert all(map(is_taken, answered))


def test_what_goes_wrong_is_told_by_its_kind() -> None:
    async def fail(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        number = int(body.split(b": ")[1].strip(b"}"))
        if number == 1:
            writer.write(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            writer.close()
        elif number == 2:
            writer.write(b"SSH-2.0\r\n\r\n")
        elif number == 3:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            writer.close()
        elif number != 4:
            writer.write(OK)

    answered, _ = sent(fail, shots(8, rate=200.0), within=0.3)
    told = {one.shot.event: one.error or one.status for one in answered}
    assert told["evt_1"] == 503 and told["evt_0"] == told["evt_7"] == 200
    assert told["evt_2"] == "what came is no answer of HTTP/1.1"
    assert told["evt_3"] == "the connection was closed before an answer came"
    assert told["evt_4"] == "no answer within 0.3 s"


def test_a_connection_that_went_stale_is_no_error() -> None:
    """Servers close idle connections; an event that meets one goes out again on another."""
    requests: dict[asyncio.StreamWriter, int] = {}

    async def once_each(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        requests[writer] = requests.get(writer, 0) + 1
        if requests[writer] == 1:
            writer.write(OK)
        else:
            writer.close()  # as if it had been closed just before

    answered, sender = sent(once_each, shots(6, rate=50.0), connections=1)
    assert [one.status for one in answered] == [200] * 6
    assert sender.opened >= 6


def test_nobody_listens() -> None:
    async def run() -> list[ShotAnswered]:
        server = await served(take)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return await Sender([Endpoint(f"http://127.0.0.1:{port}/", SECRET)], connections=2).send(shots(9))

    answered = asyncio.run(run())
    assert len(answered) == 9 and all(one.error.startswith("no connection (") for one in answered)


def test_what_waits_too_long_for_a_connection_is_given_up() -> None:
    async def never(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    began = time.monotonic()
    answered, _ = sent(never, shots(50), connections=2, within=0.2)
    assert len(answered) == 50 and time.monotonic() - began < 4
    assert {one.error for one in answered} <= {"no answer within 0.2 s", "no connection was free for 0.2 s"}


def test_it_stops_when_it_is_told_to() -> None:
    async def run() -> list[ShotAnswered]:
        server = await served(take)
        endpoint = Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", SECRET)
        sender = Sender([endpoint], on_answer=lambda kept: sender.stop() if kept == b"ok" else None)
        try:
            return await sender.send(shots(100, rate=20.0))
        finally:
            server.close()

    assert len(asyncio.run(run())) < 20


def test_nothing_to_send() -> None:
    assert sent(take, [])[0] == []


@pytest.mark.parametrize(
    ("url", "host", "port", "line"),
    [
        ("http://127.0.0.1:3000/hook", "127.0.0.1", 3000, b"POST /hook HTTP/1.1\r\nhost: 127.0.0.1:3000\r\n"),
        ("https://[::1]/a?b=c", "::1", 443, b"POST /a?b=c HTTP/1.1\r\nhost: [::1]\r\n"),
        ("http://localhost", "localhost", 80, b"POST / HTTP/1.1\r\nhost: localhost\r\n"),
    ],
)
def test_an_endpoint_is_read_from_its_url(url: str, host: str, port: int, line: bytes) -> None:
    endpoint = Endpoint(url, SECRET)
    assert (endpoint.host, endpoint.port) == (host, port) and endpoint.head.startswith(line)
    assert SECRET not in repr(endpoint)
