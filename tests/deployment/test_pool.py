"""The connections of one transport: none is closed under a request, whenever its time ends."""

from __future__ import annotations

import asyncio
import random
import ssl
import time

import httpcore
from httpcore._async.connection_pool import AsyncPoolRequest

from stripe_audit.deployment import transport
from stripe_audit.deployment.pool import Pool
from stripe_audit.deployment.sockets import Sockets
from stripe_audit.errors import TargetError
from stripe_audit.models import Effect
from tests.deployment.raw_server import RawServer, says, whole
from tests.deployment.test_transport import Rig


def test_a_connection_that_was_given_to_a_request_is_not_tidied_away():
    asyncio.run(_tidied())


async def _tidied() -> None:
    async with RawServer(says(whole()), keeps_alive=True) as server:
        sockets = Sockets()
        async with Pool(sockets, ssl.create_default_context(), kept_for=60) as pool:
            await pool.request("GET", server.url)
            (connection,) = pool.connections
            assert connection.is_idle()
            given = AsyncPoolRequest(httpcore.Request("GET", server.url))
            given.assign_to_connection(connection)
            pool._requests.append(given)
            connection._connection._expire_at = 0.0
            assert connection.has_expired()
            assert pool._assign_requests_to_connections() == []
            assert pool.connections == [connection]
            pool._requests.remove(given)
            assert pool._assign_requests_to_connections() == [connection]
            assert pool.connections == []
            await connection.aclose()


def test_no_request_is_lost_where_connections_expire_all_the_time(monkeypatch):
    monkeypatch.setattr(transport, "_KEPT_S", 0.002)
    assert asyncio.run(_lost()) == []


async def _lost() -> list[str]:
    dice = random.Random(5)

    async def answer(writer: asyncio.StreamWriter) -> None:
        if dice.random() < 0.5:
            time.sleep(dice.random() * 0.003)  # the loop stands still, as on a busy machine
        await asyncio.sleep(dice.random() * 0.02)
        await says(whole())(writer)

    lost: list[str] = []
    async with RawServer(answer, keeps_alive=True) as server:
        rig = Rig(server.url)

        async def customer() -> None:
            for _ in range(30):
                await asyncio.sleep(dice.random() * dice.choice((0, 0.01, 0.03)))
                try:
                    await rig.transport.request("POST", server.url, effect=Effect.WRITE, content=b"x")
                except TargetError as error:
                    lost.append(error.message)

        await asyncio.gather(*(customer() for _ in range(25)))
        await rig.transport.aclose()
    return lost
