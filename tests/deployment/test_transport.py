"""The transport against targets that do what no sound server does, and what it refuses to do itself."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.transport import Answer, Transport, origin_of
from stripe_audit.errors import BudgetError, SafetyError, TargetError
from stripe_audit.models import Effect, Party
from stripe_audit.redaction import Redactor
from stripe_audit.safety import Interlock, Permission
from tests.deployment.raw_server import (
    Answering,
    RawServer,
    nothing,
    says,
    then_nothing,
    then_reset,
    whole,
    without_end,
)

CAP = 64 * 1024
KEY = "sk_test_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a"
SECRET = "the settings' own secret"


class Rig:
    """A transport with what it needs; everything may be looked at afterwards."""

    def __init__(self, *origins: str, folder: Path | None = None, **more: Any) -> None:
        self.budget = more.pop("budget", None) or Budget(body_bytes=CAP)
        self.recorder = Recorder(folder, Redactor([SECRET]))
        self.interlock = Interlock(Permission(more.pop("strongest", Effect.WRITE), "a reason", "a.setting"))
        self.transport = Transport(
            origins=origins,
            budget=self.budget,
            recorder=self.recorder,
            interlock=self.interlock,
            check="some-check",
            timeout=more.pop("timeout", 5.0),
            **more,
        )

    @property
    def last(self) -> Any:
        exchange = self.recorder.get(self.transport.exchanges[-1])
        assert exchange
        return exchange


def meet(answer: Answering, ask: Callable[[Rig, str], Awaitable[Any]], **more: Any) -> tuple[Any, Rig, RawServer]:
    """Run one raw server and one transport; what came of ``ask``, be it an exception."""

    async def run() -> tuple[Any, Rig, RawServer]:
        async with RawServer(answer, keeps_alive=more.pop("keeps_alive", False)) as server:
            rig = Rig(server.url, **more)
            try:
                result = await ask(rig, server.url)
            except Exception as error:
                result = error
            await rig.transport.aclose()
            rig.recorder.close()
            return result, rig, server

    return asyncio.run(run())


async def get(rig: Rig, url: str) -> Answer:
    return await rig.transport.request("GET", url + "/", effect=Effect.READ)


def gzipped(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1024 * 1024)
    return b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()


HEAD = b"HTTP/1.1 200 OK\r\n"
NO_ANSWER: dict[str, tuple[Answering, str]] = {
    "silence": (nothing, "within 0.3 s"),
    "half a status line": (then_nothing(b"HTTP/1.1 20"), "within 0.3 s"),
    "half a head": (then_nothing(HEAD + b"A: b\r\n"), "within 0.3 s"),
    "half a body": (then_nothing(HEAD + b"Content-Length: 10\r\n\r\n12345"), "within 0.3 s"),
    "an endless interim answer": (
        without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 200),
        "within 0.3 s|not valid HTTP",
    ),
    "closed at once": (says(), "broke off"),
    "closed in the head": (says(HEAD + b"A: b\r\n"), "broke off"),
    "closed in the body": (says(HEAD + b"Content-Length: 10\r\n\r\n12345"), "broke off"),
    "closed in a chunk": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\na\r\n123"), "broke off"),
    "closed between chunks": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n"), "broke off"),
    "reset at once": (then_reset(), "reset|broke off"),
    "reset in the body": (then_reset(HEAD + b"Content-Length: 10\r\n\r\n12345"), "reset"),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "not valid HTTP"),
    "binary": (says(bytes(range(256)) * 4), "not valid HTTP"),
    "mail": (says(b"220 mail.example ESMTP\r\n"), "not valid HTTP"),
    "a status that is no number": (says(b"HTTP/1.1 abc OK\r\n\r\n"), "not valid HTTP"),
    "a status out of range": (says(b"HTTP/1.1 9999 OK\r\n\r\n"), "not valid HTTP"),
    "broken chunks": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nnothex\r\nabc\r\n0\r\n\r\n"), "not valid HTTP"),
    "a negative chunk": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n"), "not valid HTTP"),
    "a length that is no number": (says(HEAD + b"Content-Length: many\r\n\r\n"), "not valid HTTP"),
    "a negative length": (says(HEAD + b"Content-Length: -1\r\n\r\n"), "not valid HTTP"),
    "two lengths": (says(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n12"), "not valid HTTP"),
    "an unknown transfer encoding": (says(HEAD + b"Transfer-Encoding: gzip\r\n\r\n"), "not valid HTTP"),
    "a null byte in a header": (says(HEAD + b"A: b\0c\r\n\r\n"), "not valid HTTP"),
    "a header without a colon": (says(HEAD + b"nonsense\r\n\r\n"), "not valid HTTP"),
    "a header with a space in its name": (says(HEAD + b"a b: c\r\n\r\n"), "not valid HTTP"),
    "a header without an end": (without_end(HEAD, b"A: " + b"b" * 65536), "not valid HTTP"),
    "headers without an end": (without_end(HEAD, b"A: b\r\n" * 2000), "not valid HTTP"),
    "a status line without an end": (without_end(b"HTTP/1.1 200 ", b"x" * 65536), "not valid HTTP"),
    "a switch of protocols": (says(HEAD.replace(b"200 OK", b"101 Switch") + b"\r\nabc"), "not valid HTTP"),
    "no gzip": (says(whole(b"plain text", "Content-Encoding: gzip")), "not in the encoding"),
    "half a gzip": (says(whole(gzip.compress(b"x" * 1000)[:-10], "Content-Encoding: gzip")), "not in the encoding"),
    "a gzip with a wrong sum": (
        says(whole(gzip.compress(b"x" * 1000)[:-8] + bytes(8), "Content-Encoding: gzip")),
        "not in the encoding",
    ),
}


@pytest.mark.parametrize("name", NO_ANSWER)
def test_what_is_no_answer_is_one_clear_error_and_is_recorded(name: str) -> None:
    answer, reason = NO_ANSWER[name]
    is_slow = "0.3 s" in reason
    result, rig, _ = meet(answer, get, timeout=0.3 if is_slow else 5.0)
    assert isinstance(result, TargetError)
    assert any(part in result.message for part in reason.split("|")), result.message
    assert len(result.message) < 600
    assert (rig.last.status, rig.last.response) == (None, None)
    assert rig.last.error in result.message
    assert f"(exchange {rig.last.id})" in result.message
    assert rig.last.check == "some-check"


def test_a_target_that_is_not_there_is_said_to_refuse() -> None:
    async def run() -> None:
        async with RawServer(nothing) as server:
            url = server.url
        rig = Rig(url)
        with pytest.raises(TargetError, match="no connection") as caught:
            await get(rig, url)
        assert caught.value.exit_code == 3
        assert rig.last.error.startswith("no connection")
        await rig.transport.aclose()

    asyncio.run(run())


def test_a_name_that_does_not_resolve_is_an_error_too() -> None:
    async def run() -> None:
        rig = Rig("http://a..b/", timeout=5)
        with pytest.raises(TargetError):
            await get(rig, "http://a..b")
        await rig.transport.aclose()

    asyncio.run(run())


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UNBOUNDED: dict[str, Answering] = {
    "an endless body": without_end(HEAD + b"\r\n", b"x" * 65536),
    "an endless chunked body": without_end(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "a huge declared length": without_end(HEAD + b"Content-Length: 999999999999\r\n\r\n", b"x" * 65536),
    "a gzip bomb": says(HEAD + b"Content-Encoding: gzip\r\n\r\n", gzipped(64 * 1024 * 1024)),
    "a deflate bomb": says(HEAD + b"Content-Encoding: deflate\r\n\r\n", zlib.compress(bytes(32 * 1024 * 1024), 9)),
    "what follows a gzip without an end": without_end(
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}"), b"x" * 65536
    ),
    "a gzip whose name never ends": without_end(
        HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff", b"x" * 65536
    ),
    "empty gzips without an end": without_end(HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 1000),
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_a_body_is_cut_at_the_cap_whatever_it_unfolds_to(name: str) -> None:
    began = time.process_time()
    answer, rig, _ = meet(UNBOUNDED[name], get)
    assert isinstance(answer, Answer), answer
    assert answer.truncated
    assert len(answer.body) <= CAP
    assert rig.last.response.truncated
    assert time.process_time() - began < 2


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    for body, truncated in ((b"x" * CAP, False), (b"x" * (CAP + 1), True)):
        for sent in (whole(body), whole(gzip.compress(body), "Content-Encoding: gzip")):
            answer, _, _ = meet(says(sent), get)
            assert (len(answer.body), answer.truncated) == (CAP, truncated)


BARE = zlib.compressobj(wbits=-15)
ODD_BUT_READABLE: dict[str, tuple[bytes, int, bytes]] = {
    "gzip unasked for": (whole(gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip"), 200, b'{"a": 1}'),
    "gzip in two members": (whole(gzip.compress(b"a") + gzip.compress(b"b"), "Content-Encoding: GZIP "), 200, b"ab"),
    "gzip and what follows": (whole(gzip.compress(b"a") + b"rest", "Content-Encoding: x-gzip"), 200, b"a"),
    "deflate": (whole(zlib.compress(b"abc"), "Content-Encoding: deflate"), 200, b"abc"),
    "bare deflate": (whole(BARE.compress(b"abc") + BARE.flush(), "Content-Encoding: deflate"), 200, b"abc"),
    "an encoding that nobody asked for": (whole(b"\x0b\x02", "Content-Encoding: br"), 200, b"\x0b\x02"),
    "gzip of nothing at all": (whole(b"", "Content-Encoding: gzip"), 200, b""),
    "more than the declared length": (whole(b"abc") + b"HTTP/1.1 500 Smuggled\r\n\r\n", 200, b"abc"),
    "an answer of HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nabc", 200, b"abc"),
    "no reason": (b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, b""),
    "bytes that are no text": (whole(b"\xff\xfe\0"), 200, b"\xff\xfe\0"),
    "an interim answer before": (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + whole(b"abc"), 200, b"abc"),
    "a Location that is no address": (whole(b"", "Location: http://[", status="302 Found"), 302, b""),
    "an empty Location": (whole(b"", "Location:", status="301 Moved"), 301, b""),
    "a cookie that is none": (whole(b"", "Set-Cookie: =;;;\xff; expires=never; max-age=x"), 200, b""),
}


@pytest.mark.parametrize("name", ODD_BUT_READABLE)
def test_an_odd_answer_is_an_answer(name: str) -> None:
    sent, status, body = ODD_BUT_READABLE[name]
    answer, rig, _ = meet(says(sent), get)
    assert isinstance(answer, Answer), answer
    assert (answer.status, answer.body, answer.truncated) == (status, body, False)
    assert rig.last.status == status


def test_headers_keep_their_order_repeats_and_bytes() -> None:
    colour = "\x1b[31m"
    answer, rig, _ = meet(says(whole(b"", "X-A: 1", "x-a: \xe9", "Set-Cookie: a=b", f"X-B: {colour}{KEY}")), get)
    assert answer.headers_of("X-A") == ("1", "é")
    assert answer.header("x-b") == colour + KEY
    assert answer.header("none") is None
    recorded = rig.last.response.headers
    assert ("Set-Cookie", "a=[hidden]") in recorded
    assert dict(recorded)["X-B"] == "␛[31msk_test_…4f2a"


def test_redirects_are_never_followed() -> None:
    async def ask(rig: Rig, url: str) -> list[Answer]:
        return [await get(rig, url) for _ in range(3)]

    for location in ("/", "http://attacker.example/", "//127.0.0.1:1/", "http://["):
        for status in ("301 M", "302 F", "303 S", "307 T", "308 P"):
            answers, _, server = meet(says(whole(b"", f"Location: {location}", status=status)), ask)
            assert [answer.status for answer in answers] == [int(status[:3])] * 3
            assert all(answer.is_redirect for answer in answers)
            assert len(server.requests) == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "https://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.0.0.1/",
        "http://attacker.example:{port}/",
        "http://127.0.0.1:{port}@attacker.example/",
        "http://127.0.0.1:{port}\\@attacker.example/",
        "http://attacker.example#@127.0.0.1:{port}/",
        "http://attacker.example?@127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/",
        "/relative",
        "",
        "http://",
        "http://[",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://127.0.0.1:{port}\r\nHost: x/",
        "http://\ud800/",
        "javascript:alert(1)",
    ],
)
def test_only_declared_origins_are_contacted(url: str) -> None:
    async def ask(rig: Rig, base: str) -> Answer:
        port = int(base.rpartition(":")[2])
        written = url.replace("{port}", str(port)).replace("{other}", str(port - 1))
        return await rig.transport.request("GET", written, effect=Effect.READ)

    result, rig, server = meet(says(whole()), ask)
    assert isinstance(result, SafetyError), result
    assert result.hint == "target.url"
    assert len(result.message) < 500
    assert server.requests == []
    assert rig.transport.exchanges == []
    assert rig.budget.spent == 0


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("HTTP://Shop.Example/a?b") == "http://shop.example:80"
    assert origin_of("https://shop.example") == origin_of("https://shop.example:443/")
    assert origin_of("http://[::1]:3001/") != origin_of("http://[::1]:3002/")
    for text in ("http://a:b", "http://a\nb"):
        with pytest.raises(ValueError, match="no address"):
            origin_of(text)


def test_what_the_interlock_does_not_permit_is_not_sent() -> None:
    async def ask(rig: Rig, url: str) -> None:
        for effect in (Effect.WRITE, Effect.FAULT, Effect.LOAD):
            with pytest.raises(SafetyError, match=r"a reason") as caught:
                await rig.transport.request("POST", url, effect=effect)
            assert "a.setting" in str(caught.value.hint)
        await rig.transport.request("GET", url, effect=Effect.READ)
        rig.interlock.trip("a live key was seen")
        with pytest.raises(SafetyError, match="a live key was seen"):
            await rig.transport.request("POST", url, effect=Effect.PROBE)

    result, rig, server = meet(says(whole()), ask, strongest=Effect.PROBE)
    assert result is None
    assert len(server.requests) == 1
    assert rig.budget.spent == 1


def test_the_budget_bounds_requests_and_time() -> None:
    async def ask(rig: Rig, url: str) -> None:
        for _ in range(2):
            await get(rig, url)
        with pytest.raises(BudgetError, match="2 requests") as caught:
            await get(rig, url)
        assert caught.value.hint == "audit.budget.requests"

    result, _, server = meet(says(whole()), ask, budget=Budget(requests=2))
    assert result is None
    assert len(server.requests) == 2

    result, _, server = meet(says(whole()), get, budget=Budget(seconds=-1))
    assert isinstance(result, BudgetError)
    assert result.hint == "audit.budget.seconds"
    assert server.requests == []


def test_calls_to_the_audit_s_own_stripe_cost_nothing() -> None:
    async def ask(rig: Rig, url: str) -> None:
        for _ in range(3):
            await rig.transport.request("GET", url, effect=Effect.NONE, destination=Party.STRIPE)

    result, rig, _ = meet(says(whole()), ask, budget=Budget(requests=1))
    assert (result, rig.budget.spent) == (None, 0)


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with RawServer(says(whole(b"proxy"))) as proxy, RawServer(says(whole(b"target"))) as server:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            rig = Rig(server.url)
            assert (await get(rig, server.url)).body == b"target"
            assert proxy.requests == []
            await rig.transport.aclose()

    asyncio.run(run())


def test_a_netrc_file_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    _, _, server = meet(says(whole()), get)
    assert b"authorization" not in server.requests[0].lower()


def test_a_closed_transport_sends_nothing_more() -> None:
    async def ask(rig: Rig, url: str) -> Answer:
        rig.transport.close()
        return await get(rig, url)

    result, _, server = meet(says(whole()), ask)
    assert isinstance(result, BudgetError)
    assert server.requests == []


def test_an_exchange_is_streamed_to_the_run_s_folder_without_secrets(tmp_path: Path) -> None:
    body = json.dumps({"key": KEY, "own": SECRET, "odd": "\u202e\x07"}).encode()

    async def ask(rig: Rig, url: str) -> Answer:
        answer = await rig.transport.request(
            "POST",
            f"{url}/pay?client_secret=pi_3PabcEnylLNWUqj0aB_secret_KbCdEfGhIjKlMnOp",
            effect=Effect.WRITE,
            headers={"Authorization": f"Bearer {KEY}", "X-Own": SECRET},
            json={"card": "4242424242424242", "own": SECRET},
            route="create_payment /pay",
            source=Party.CUSTOMER,
            duplicate=True,
        )
        line = (tmp_path / "exchanges.ndjson").read_text()  # there before anyone reads the answer
        assert json.loads(line)["id"] == answer.exchange
        for secret in (KEY, SECRET, "KbCdEfGh", "4242424242424242", "\u202e", "\x07"):
            assert secret not in line
        return answer

    answer, rig, server = meet(says(whole(body)), ask, folder=tmp_path)
    assert answer.json()["key"] == KEY  # the check itself sees what was said
    assert SECRET.encode() in server.requests[0]
    exchange = rig.last
    assert (exchange.source, exchange.destination) == (Party.CUSTOMER, Party.APP)
    assert (exchange.method, exchange.status, exchange.duplicate) == ("POST", 200, True)
    assert (exchange.route, exchange.check) == ("create_payment /pay", "some-check")
    assert dict(exchange.request.headers)["authorization"] == "[hidden]"
    assert exchange.duration_ms > 0
    assert rig.recorder.trouble is None


def test_what_is_not_to_be_recorded_is_not() -> None:
    async def ask(rig: Rig, url: str) -> Answer:
        return await rig.transport.request("GET", url, effect=Effect.READ, is_recorded=False)

    answer, rig, _ = meet(says(whole()), ask, on_answer=lambda *_: pytest.fail("not to be looked at"))
    assert answer.exchange == ""
    assert rig.transport.exchanges == []


def test_a_request_that_was_given_up_is_recorded_too() -> None:
    async def ask(rig: Rig, url: str) -> None:
        task = asyncio.create_task(get(rig, url))
        while not rig.budget.spent:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    result, rig, _ = meet(nothing, ask)
    assert result is None
    assert rig.last.error == "the audit stopped waiting"


def test_every_answer_of_the_target_is_looked_at() -> None:
    seen: list[tuple[int, Party]] = []
    _, _, _ = meet(
        says(whole(status="500 No")), get, on_answer=lambda answer, party: seen.append((answer.status, party))
    )
    assert seen == [(500, Party.APP)]


def test_the_customer_keeps_cookies_and_nobody_else_sends_them() -> None:
    async def ask(rig: Rig, url: str) -> None:
        for source in (Party.CUSTOMER, Party.CUSTOMER, Party.WEBHOOK, Party.AUDIT):
            await rig.transport.request("GET", url, effect=Effect.READ, source=source)
        await rig.transport.request("GET", url, effect=Effect.READ, source=Party.CUSTOMER, destination=Party.STRIPE)

    result, rig, server = meet(says(whole(b"", "Set-Cookie: session=abc; Path=/")), ask)
    assert result is None
    assert [b"session=abc" in request for request in server.requests] == [False, True, False, False, False]
    assert "abc" not in str(rig.recorder.get("x2"))


def test_one_header_is_sent_once_however_it_is_spelt() -> None:
    async def ask(rig: Rig, url: str) -> Answer:
        headers = {"User-Agent": "Browser", "user-agent": "Browser/2", "CONTENT-TYPE": "text/plain"}
        return await rig.transport.request("POST", url, effect=Effect.WRITE, headers=headers, json={})

    _, _, server = meet(says(whole()), ask)
    head = server.requests[0].lower()
    assert head.count(b"user-agent:") == head.count(b"content-type:") == 1
    assert b"user-agent: browser/2" in head
    assert b"content-type: text/plain" in head
    assert b"accept-encoding: identity" in head


@pytest.mark.parametrize(
    "headers", [{"X-É": "1"}, {"X-A": "a\r\nX-B: c"}, {"X-A": "a\0"}, {"X A": "b"}, {"": "b"}], ids=map(str, range(5))
)
def test_a_header_that_cannot_be_sent_is_an_error_in_words(headers: dict[str, str]) -> None:
    async def ask(rig: Rig, url: str) -> Answer:
        return await rig.transport.request("GET", url, effect=Effect.READ, headers=headers)

    result, _, server = meet(says(whole()), ask)
    assert isinstance(result, TargetError), result
    assert server.requests == []


def test_a_header_of_any_script_is_sent_in_utf8() -> None:
    async def ask(rig: Rig, url: str) -> Answer:
        return await rig.transport.request("GET", url, effect=Effect.READ, headers={"X-A": "日本"})

    answer, _, server = meet(says(whole()), ask)
    assert answer.status == 200
    assert "日本".encode() in server.requests[0]


def test_connections_are_used_again_and_a_stale_one_harms_nothing() -> None:
    async def ask(rig: Rig, url: str) -> list[int]:
        return [(await get(rig, url)).status for _ in range(5)]

    for keeps_alive in (True, False):
        statuses, _, server = meet(says(whole(b"abc")), ask, keeps_alive=keeps_alive)
        assert statuses == [200] * 5
        assert len(server.requests) == 5


def test_no_connection_outlives_the_transport_even_one_that_its_pool_lost() -> None:
    """A check that is cancelled twice interrupts the pool in the middle of closing what it has already let go of."""

    async def run() -> None:
        async with RawServer(says(whole(b"abc")), keeps_alive=True) as server:
            rig = Rig(server.url)
            await asyncio.gather(*(get(rig, server.url) for _ in range(4)))
            sockets = [stream.get_extra_info("socket") for stream in rig.transport._sockets.open]
            assert sockets
            rig.transport._http()._pool._connections.clear()  # type: ignore[attr-defined]
            await rig.transport.aclose()
            assert [sock.fileno() for sock in sockets] == [-1] * len(sockets)
            assert rig.transport._sockets.open == []

    asyncio.run(run())


def test_many_at_once_are_all_recorded_with_ids_of_their_own(tmp_path: Path) -> None:
    async def ask(rig: Rig, url: str) -> list[Answer]:
        return await asyncio.gather(*(get(rig, url) for _ in range(40)))

    answers, rig, _ = meet(says(whole(b"{}")), ask, folder=tmp_path)
    assert {answer.exchange for answer in answers} == {f"x{number}" for number in range(1, 41)}
    lines = (tmp_path / "exchanges.ndjson").read_text().splitlines()
    assert {json.loads(line)["id"] for line in lines} == set(rig.transport.exchanges)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000], ids=map(str, range(6))
)
def test_a_body_that_is_no_json_is_a_value_error(body: bytes) -> None:
    answer, _, _ = meet(says(whole(body)), get, budget=Budget(body_bytes=10**6))
    with pytest.raises(ValueError):
        answer.json()
    assert isinstance(answer.text, str)


def test_secrets_and_controls_of_the_target_do_not_leave_in_an_error() -> None:
    broken = b"HTTP/1.1 200 OK\r\n" + KEY.encode() + b" \x1b[2J" + b"x" * 5000 + b"\r\n\r\n"
    result, rig, _ = meet(says(broken), get)
    assert isinstance(result, TargetError)
    assert KEY not in result.message
    assert KEY not in rig.last.error
    assert "\x1b" not in result.message
    assert len(result.message) < 600


def test_a_secret_in_the_address_does_not_leave_in_an_error() -> None:
    async def ask(rig: Rig, url: str) -> Answer:
        return await rig.transport.request("GET", f"{url}/?key={KEY}", effect=Effect.READ)

    result, _, _ = meet(says(b"nonsense\r\n\r\n"), ask)
    assert isinstance(result, TargetError)
    assert KEY not in result.message


def once_then_closes() -> Answering:
    """Answers the first request of each connection, and closes it when the second comes."""
    heard: set[asyncio.StreamWriter] = set()

    async def answer(writer: asyncio.StreamWriter) -> None:
        if writer in heard:
            writer.transport.abort()
            raise ConnectionError
        heard.add(writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    return answer


def test_what_reads_is_sent_again_where_a_kept_connection_was_closed() -> None:
    async def go() -> None:
        async with RawServer(once_then_closes(), keeps_alive=True) as server:
            rig = Rig(server.url)
            for _ in range(3):
                assert (await rig.transport.request("GET", server.url + "/", effect=Effect.READ)).status == 200
            await rig.transport.aclose()
            assert len(server.requests) == 5, "the second and the third came twice"
            assert len(rig.transport.exchanges) == 3

    asyncio.run(go())


def test_what_writes_is_not_sent_again() -> None:
    async def go() -> None:
        async with RawServer(once_then_closes(), keeps_alive=True) as server:
            rig = Rig(server.url)
            await rig.transport.request("GET", server.url + "/", effect=Effect.READ)
            with pytest.raises(TargetError, match=r"broke off|was reset"):
                await rig.transport.request("POST", server.url + "/", effect=Effect.WRITE, content=b"{}")
            await rig.transport.aclose()
            assert len(server.requests) == 2

    asyncio.run(go())


def test_a_new_connection_that_is_closed_at_once_is_not_tried_again() -> None:
    async def closes(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()
        raise ConnectionError

    async def go() -> None:
        async with RawServer(closes) as server:
            rig = Rig(server.url)
            with pytest.raises(TargetError, match=r"broke off|was reset"):
                await rig.transport.request("GET", server.url + "/", effect=Effect.READ)
            await rig.transport.aclose()
            assert len(server.requests) == 1

    asyncio.run(go())
