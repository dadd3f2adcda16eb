"""Routes by role: templates, mappings, logins, and answers that are unlike what was declared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.spec import Item, Login, Route, TargetSpec, WebhookRoute
from stripe_audit.deployment.target import TargetClient, fill
from stripe_audit.deployment.transport import Answer, Transport
from stripe_audit.errors import Inconclusive, Skip, TargetError
from stripe_audit.models import Effect, Party
from stripe_audit.redaction import Redactor
from tests.deployment.raw_server import RawServer, says, whole


@pytest.mark.parametrize(
    ("template", "values", "filled"),
    [
        ("{order}", {"order": "o1"}, "o1"),
        ("{quantity}", {"quantity": 3}, 3),
        ("{amount}", {"amount": Decimal("19.99")}, Decimal("19.99")),
        ("{order}", {}, None),
        ("order {order} of {email}", {"order": "o1", "email": "a@b"}, "order o1 of a@b"),
        ("a {missing} b", {}, "a  b"),
        ({"id": "{order}", "note": "{missing}"}, {"order": "o1"}, {"id": "o1"}),
        (
            {"items": [{"id": "{item}", "n": "{quantity}"}]},
            {"item": "i", "quantity": 2},
            {"items": [{"id": "i", "n": 2}]},
        ),
        ({"a": 1, "b": None, "c": True, "d": 1.5}, {}, {"a": 1, "c": True, "d": 1.5}),
        ("{Order} {order-1} {}", {"Order": "x"}, "{Order} {order-1} {}"),
        ("{a}", {"a": "{b}", "b": "no"}, "{b}"),  # what was filled in is no template
        ([], {}, []),
        (7, {}, 7),
    ],
)
def test_a_template_is_filled_in(template: Any, values: Mapping[str, Any], filled: Any) -> None:
    assert fill(template, values) == filled


@given(st.text(max_size=40), st.dictionaries(st.sampled_from(["order", "email"]), st.text(max_size=9)))
def test_no_text_breaks_the_filling(template: str, values: dict[str, str]) -> None:
    assert fill(f"x{template}", values) is not None


def spec(url: str, **routes: Route) -> TargetSpec:
    return TargetSpec("shop", url, routes, items=(Item("mug", Decimal("19.99"), "usd"),))


def run(
    ask: Callable[[TargetClient], Awaitable[Any]],
    answer: bytes = whole(b"{}"),
    *,
    effect: Effect = Effect.WRITE,
    **routes: Route,
) -> tuple[Any, list[bytes], Recorder]:
    class Permissive:
        asked: list[Effect] = []

        def permit(self, effect: Effect) -> None:
            self.asked.append(effect)

    async def whole_run() -> tuple[Any, list[bytes], Recorder]:
        async with RawServer(says(answer)) as server:
            recorder = Recorder(None, Redactor())
            transport = Transport(origins=[server.url], budget=Budget(), recorder=recorder, interlock=Permissive())
            try:
                result = await ask(TargetClient(spec(server.url, **routes), transport))
            except Exception as error:
                result = error
            await transport.aclose()
            return result, server.requests, recorder

    return asyncio.run(whole_run())


def body_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


VALUES = {"order": "o 1/2", "amount": Decimal("19.99"), "quantity": 2, "currency": "usd"}


def test_a_route_is_called_as_it_is_declared() -> None:
    pay = Route("create_payment", "POST", "/pay/{order}", {"X-Shop": "1"}, {"amount": "{amount}", "n": "{quantity}"})
    answer, requests, recorder = run(lambda target: target.call("create_payment", VALUES), create_payment=pay)
    assert isinstance(answer, Answer)
    assert requests[0].startswith(b"POST /pay/o%201%2F2 HTTP/1.1\r\n")
    assert b"\r\nx-shop: 1\r\n" in requests[0].lower()
    assert json.loads(body_of(requests[0])) == {"amount": 19.99, "n": 2}
    assert b"content-type: application/json" in requests[0].lower()
    exchange = recorder.get("x1")
    assert exchange
    assert (exchange.source, exchange.route) == (Party.CUSTOMER, "create_payment /pay/{order}")


@pytest.mark.parametrize(
    ("amount", "written"),
    [(Decimal("19.99"), b"19.99"), (Decimal("20.00"), b"20"), (Decimal("0.1"), b"0.1"), (Decimal("1E+3"), b"1000")],
)
def test_amounts_are_written_as_they_are(amount: Decimal, written: bytes) -> None:
    pay = Route("create_payment", "POST", "/", {}, {"amount": "{amount}"})
    _, requests, _ = run(lambda target: target.call("create_payment", {"amount": amount}), create_payment=pay)
    assert body_of(requests[0]) == b'{"amount": ' + written + b"}"


def test_a_form_is_sent_where_one_is_declared() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    pay = Route("create_payment", "POST", "/", headers, {"amount": "{amount}", "e": "a&b"})
    _, requests, _ = run(lambda target: target.call("create_payment", VALUES), create_payment=pay)
    assert body_of(requests[0]) == b"amount=19.99&e=a%26b"
    assert requests[0].lower().count(b"content-type:") == 1


def test_bytes_are_sent_as_they_are_and_get_has_no_body() -> None:
    pay = Route("create_payment", "POST", "/", {}, {"a": 1})
    _, requests, _ = run(lambda target: target.call("create_payment", body=b'{"a":'), create_payment=pay)
    assert body_of(requests[0]) == b'{"a":'
    _, requests, _ = run(lambda target: target.call("create_payment", method="GET"), create_payment=pay)
    assert requests[0].startswith(b"GET / ")
    assert body_of(requests[0]) == b""


def test_a_value_cannot_leave_its_place_in_the_path() -> None:
    order = Route("order", "GET", "/orders/{order}")
    for hostile in ("../admin", "a/b", "a?b=c", "a#b", "a\r\nX: y", "a%2fb"):
        _, requests, _ = run(lambda target, value=hostile: target.call("order", {"order": value}), order=order)
        line = requests[0].split(b"\r\n")[0]
        assert line.startswith(b"GET /orders/")
        assert line.count(b"/") == 3
        assert b"?" not in line


def test_what_is_not_declared_is_skipped_with_its_setting() -> None:
    target = TargetClient(spec("http://127.0.0.1:1"), None)  # type: ignore[arg-type]
    assert not target.has("order")
    with pytest.raises(Skip) as caught:
        target.route("order")
    assert caught.value.setting == "target.routes.order"
    with pytest.raises(Skip) as caught:
        TargetClient(spec("http://127.0.0.1:1", page=Route("page", "GET", "/")), None).url_of("page", is_https=True)  # type: ignore[arg-type]
    assert caught.value.setting == "target.https_url"


LOGIN = Login("POST", "/login", {"user": "a", "pin": Decimal("12.5")}, "data.token")


def with_login(**changes: str) -> Route:
    login = Login(**{**{name: getattr(LOGIN, name) for name in Login.__slots__}, **changes})
    return Route("order", "GET", "/order", login=login)


def test_a_login_is_done_once_and_its_token_is_sent() -> None:
    async def ask(target: TargetClient) -> None:
        await target.call("order")
        await target.call("order")

    result, requests, _ = run(ask, whole(b'{"data": {"token": "t-1"}}'), order=with_login())
    assert result is None
    assert [request.split(b" HTTP")[0] for request in requests] == [b"POST /login", b"GET /order", b"GET /order"]
    assert json.loads(body_of(requests[0])) == {"user": "a", "pin": 12.5}
    assert b"authorization: bearer t-1\r\n" in requests[1].lower()


def test_a_login_s_header_is_taken_as_it_is_written() -> None:
    route = with_login(header="X-Auth: {token};{other}")
    _, requests, _ = run(lambda target: target.call("order"), whole(b'{"data": {"token": "t{0}"}}'), order=route)
    assert b"x-auth: t{0};{other}\r\n" in requests[1].lower()


@pytest.mark.parametrize(
    "answer", [b"{}", b"", b"<html>", b'{"data": null}', b'{"data": []}', b"[" * 50_000, b'{"data": {"token": ""}}']
)
def test_a_login_without_a_token_is_inconclusive(answer: bytes) -> None:
    result, _, _ = run(lambda target: target.call("order"), whole(answer), order=with_login())
    assert isinstance(result, Inconclusive), result
    assert result.supply == "target.routes.order.login"


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\0b"])
def test_a_hostile_token_cannot_write_headers(token: str) -> None:
    sent = whole(json.dumps({"data": {"token": token}}).encode())
    result, requests, _ = run(lambda target: target.call("order"), sent, order=with_login())
    assert isinstance(result, TargetError)
    assert len(requests) == 1


def test_an_answer_is_told_in_our_words() -> None:
    pay = Route("create_payment", "POST", "/", response={"client_secret": "data.cs", "amount": "total", "x": "a.b.c"})
    sent = whole(b'{"data": {"cs": "s"}, "total": 0}')

    async def ask(target: TargetClient) -> dict[str, Any]:
        return target.mapped("create_payment", await target.call("create_payment"), "client_secret", "amount")

    result, _, _ = run(ask, sent, create_payment=pay)
    assert result == {"client_secret": "s", "amount": 0, "x": None}


@pytest.mark.parametrize("body", [b"{}", b"", b"<p>", b"[1]", b'{"data": 5}', b"[" * 100_000, b"null", b"\xff"])
def test_an_answer_unlike_its_mapping_names_the_mapping(body: bytes) -> None:
    pay = Route("create_payment", "POST", "/", response={"client_secret": "data.cs", "sum": "sum(data)"})

    async def ask(target: TargetClient) -> None:
        target.mapped("create_payment", await target.call("create_payment"), "client_secret")

    result, _, _ = run(ask, whole(body), create_payment=pay)
    assert isinstance(result, Inconclusive)
    assert result.supply == "target.routes.create_payment.response.client_secret"
    assert "data.cs" in result.message


def test_a_word_without_a_mapping_is_named() -> None:
    pay = Route("create_payment", "POST", "/")

    async def ask(target: TargetClient) -> None:
        target.mapped("create_payment", await target.call("create_payment"), "customer")

    result, _, _ = run(ask, create_payment=pay)
    assert isinstance(result, Inconclusive)
    assert "is not mapped to 'customer'" in result.message


def test_a_webhook_event_is_sent_as_stripe_s_sender_sends_it() -> None:
    route = WebhookRoute("main", "/hook", "whsec_x")
    payload = b'{\n  "id": "evt_1"\n}\n'

    async def ask(target: TargetClient) -> Answer:
        return await target.webhook(route, payload, {"Stripe-Signature": "t=1,v1=ab", "User-Agent": "Other"})

    _, requests, recorder = run(ask)
    head = requests[0].lower()
    assert requests[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert body_of(requests[0]) == payload
    assert b"content-type: application/json; charset=utf-8\r\n" in head
    assert b"stripe-signature: t=1,v1=ab\r\n" in head
    assert b"user-agent: other\r\n" in head
    exchange = recorder.get("x1")
    assert exchange
    assert (exchange.source, exchange.route) == (Party.WEBHOOK, "webhook /hook")


def test_a_webhook_s_secret_is_in_no_repr() -> None:
    assert "whsec" not in repr(WebhookRoute("main", "/hook", "whsec_x"))


def test_effects_are_read_for_reading_and_write_for_the_rest() -> None:
    asked: list[Effect] = []

    class Noting:
        def permit(self, effect: Effect) -> None:
            asked.append(effect)

    async def whole_run() -> None:
        async with RawServer(says(whole())) as server:
            transport = Transport(
                origins=[server.url], budget=Budget(), recorder=Recorder(None, Redactor()), interlock=Noting()
            )
            target = TargetClient(spec(server.url, page=Route("page", "GET", "/")), transport)
            for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"):
                await target.call("page", method=method)
            await target.call("page", method="POST", effect=Effect.PROBE)
            await transport.aclose()

    asyncio.run(whole_run())
    assert asked == [Effect.READ] * 3 + [Effect.WRITE] * 3 + [Effect.PROBE]
