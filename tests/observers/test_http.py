"""Orders over the target's own API: nothing but GET is sent, and odd answers are no findings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.deployment.raw_server import RawServer, says, whole

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.spec import Route, TargetSpec
from stripe_audit.deployment.target import TargetClient
from stripe_audit.deployment.transport import Transport
from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.models import Effect, Party
from stripe_audit.observers.http import HttpOrders
from stripe_audit.observers.interface import OrderMapping, OrderState
from stripe_audit.redaction import Redactor
from stripe_audit.safety import Interlock, Permission

ROUTE = Route(
    "order", "POST", "/orders/{order}", body={"write": "this"}, response={"status": "data.state", "amount": "data.sum"}
)


def read(answer: bytes, *, times: int = 1, mapping: OrderMapping = OrderMapping()) -> tuple[Any, list[bytes], Recorder]:  # noqa: B008
    async def run() -> tuple[Any, list[bytes], Recorder]:
        async with RawServer(says(answer)) as server:
            recorder = Recorder(None, Redactor())
            transport = Transport(
                origins=[server.url],
                budget=Budget(),
                recorder=recorder,
                interlock=Interlock(Permission(Effect.READ, "reading only")),
            )
            orders = HttpOrders(TargetClient(TargetSpec("shop", server.url, {"order": ROUTE}), transport), mapping)
            try:
                result: Any = [await orders.read("o 1") for _ in range(times)][-1]
            except Exception as error:
                result = error
            await transport.aclose()
            return result, server.requests, recorder

    return asyncio.run(run())


def test_an_order_is_read_with_get_whatever_the_route_declares() -> None:
    order, requests, recorder = read(whole(b'{"data": {"state": "paid", "sum": 1999}}'), times=3)
    assert (order.reference, order.state, order.amount) == ("o 1", OrderState.PAID, 1999)
    assert len(requests) == 3
    for request in requests:
        assert request.startswith(b"GET /orders/o%201 HTTP/1.1\r\n")
        assert request.endswith(b"\r\n\r\n")
        assert b"content-length" not in request.lower()
    exchange = recorder.get("x1")
    assert exchange
    assert (exchange.method, exchange.source) == ("GET", Party.AUDIT)


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_an_order_that_is_not_there_is_none(status: str) -> None:
    assert read(whole(b"<h1>Not here</h1>", status=status))[0] is None


@pytest.mark.parametrize("status", ["500 Broken", "401 Unauthorized", "302 Found", "429 Too Many"])
def test_another_answer_is_inconclusive_and_names_the_route(status: str) -> None:
    error, _, _ = read(whole(b"{}", status=status))
    assert isinstance(error, Inconclusive)
    assert error.supply == "target.routes.order"
    assert status[:3] in error.message
    assert "x1" in error.message


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b"", b"\xff", b'{"data": {"state": null}}', b"[" * 100_000])
def test_an_answer_unlike_its_mapping_is_inconclusive_and_names_the_mapping(body: bytes) -> None:
    error, _, _ = read(whole(body))
    assert isinstance(error, Inconclusive)
    assert error.supply == "target.routes.order.response.status"


def test_a_state_that_is_not_mapped_is_inconclusive() -> None:
    error, _, _ = read(whole(b'{"data": {"state": "geliefert"}}'))
    assert isinstance(error, Inconclusive)
    assert error.supply == "observers.order.states"


def test_no_answer_is_the_network_s_fault() -> None:
    assert isinstance(read(b"nonsense\r\n\r\n")[0], TargetError)
