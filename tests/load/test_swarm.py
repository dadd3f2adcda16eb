"""The same load by Locust: a master and two workers, each a process."""

from __future__ import annotations

import asyncio
import importlib.util
import time

import pytest

from stripe_audit import signatures
from stripe_audit.errors import UsageError
from stripe_audit.load.running import LoadAsked
from stripe_audit.load.shots import Endpoint, is_taken
from stripe_audit.load.swarm import swarm_of
from tests.load.test_sender import OK, SECRET, served, shots


@pytest.mark.swarm
def test_two_workers_send_each_event_once_and_tell_what_came_of_it() -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def note(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append((head, body))
        if b'"n": 7}' in body:
            writer.write(b"HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 13\r\n\r\n" + b'"alive": true')
            writer.close()
        else:
            writer.write(OK)

    async def run() -> None:
        server = await served(note)
        endpoint = Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", SECRET)
        try:
            sent = await swarm_of(2)([endpoint], shots(60, rate=200.0), LoadAsked(200.0, 0.3, connections=8))
        finally:
            server.close()
        assert sent.workers == 2 and 2 <= sent.connections <= 10
        assert sorted(one.shot.event for one in sent.answered) == sorted(one.event for one in shots(60))
        assert [one.status for one in sent.answered if not is_taken(one)] == [503]
        assert all(one.sent >= one.shot.at - 0.01 and one.done >= one.sent for one in sent.answered)
        assert len(sent.suspect) == 1

    asyncio.run(run())
    assert sorted(body for _, body in seen) == sorted(one.body for one in shots(60))
    for head, body in seen:
        header = head.partition(b"stripe-signature: ")[2].split(b"\r\n")[0].decode()
        signatures.verify(body, header, SECRET, now=time.time())


def test_without_locust_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        swarm_of(2)
    assert caught.value.hint == "pip install 'stripe-audit[swarm]'"
