"""Plain calls are answered without aiohttp, and nobody can tell."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_audit.emulator import Emulator, EmulatorConfig
from stripe_audit.emulator.api_requests import ApiRequests
from stripe_audit.emulator.wire import MOST_BODY, head_of

BEGINNING = b"POST /v1/refunds?a=b HTTP/1.1\r\nHost: a"
NOT_PLAIN = b"X-Twice: 1\r\nX-Twice: 2\r\n"
"""Headers that make a request aiohttp's."""


class Connection:
    """A client that sends bytes and reads answers one by one."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=5)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def ask(self, request):
        self.socket.sendall(request)
        return self.read()

    def read(self):
        """Status line, headers and body; None at the end of the connection."""
        first = self.file.readline().decode("latin-1").strip()
        if not first:
            return None
        headers = {}
        while line := self.file.readline().decode("latin-1").strip():
            name, _, value = line.partition(": ")
            headers[name] = value
        return first, headers, self.file.read(int(headers.get("Content-Length", 0)))


@pytest.fixture
def connection(emulator):
    with Connection(emulator.url) as opened:
        yield opened


@pytest.fixture
def aiohttp_calls(monkeypatch):
    """The calls that came through aiohttp."""
    calls = []
    handle = ApiRequests.handle

    def seen(self, request):
        calls.append(f"{request.method} {request.path}")
        return handle(self, request)

    monkeypatch.setattr(ApiRequests, "handle", seen)
    return calls


def request(emulator, method, target, form="", *, more=b"", key=None):
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key or emulator.keys.secret}\r\n"
    if form or method == "POST":
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
    return head.encode() + more + b"\r\n" + form.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BEGINNING, ("POST", "/v1/refunds", "a=b", {"host": "a"}, 0)),
        (b"GET /v1/a-b_c.d/E HTTP/1.1\r\nhOST:a", ("GET", "/v1/a-b_c.d/E", "", {"host": "a"}, 0)),
        (b"DELETE /v2/x? HTTP/1.1\r\nHost: a ", ("DELETE", "/v2/x", "", {"host": "a"}, 0)),
        (BEGINNING + b"\r\nX:  b c ", ("POST", "/v1/refunds", "a=b", {"host": "a", "x": "b c"}, 0)),
        (BEGINNING + b"\r\nX:", ("POST", "/v1/refunds", "a=b", {"host": "a", "x": ""}, 0)),
        (BEGINNING + b"\r\nConnection: close", ("POST", "/v1/refunds", "a=b", {"host": "a", "connection": "close"}, 0)),
        (
            BEGINNING + b"\r\nContent-Length: 12\r\nConnection: Keep-Alive",
            ("POST", "/v1/refunds", "a=b", {"host": "a", "content-length": "12", "connection": "Keep-Alive"}, 12),
        ),
    ],
)
def test_heads_of_plain_calls_are_read(text, expected):
    head = head_of(text)
    assert (head.method, head.path, head.query, head.headers, head.length) == expected
    assert head.is_last is (head.headers.get("connection") == "close")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"POST /v1/refunds HTTP/1.1",
        b"POST /v1/refunds HTTP/1.1\r\nX: no host",
        b"POST /v1/refunds HTTP/1.0\r\nHost: a",
        b"POST  /v1/refunds HTTP/1.1\r\nHost: a",
        b"PUT /v1/refunds HTTP/1.1\r\nHost: a",
        b"OPTIONS /v1/refunds HTTP/1.1\r\nHost: a",
        b"POST /_emulator/reset HTTP/1.1\r\nHost: a",
        b"POST /v3/refunds HTTP/1.1\r\nHost: a",
        b"POST /v1/../_emulator HTTP/1.1\r\nHost: a",
        b"POST /v1/%72efunds HTTP/1.1\r\nHost: a",
        b"POST /v1/refunds#x HTTP/1.1\r\nHost: a",
        b"POST /v1/refunds?a#x HTTP/1.1\r\nHost: a",
        b"POST http://a/v1/refunds HTTP/1.1\r\nHost: a",
        b"\r\nPOST /v1/refunds HTTP/1.1\r\nHost: a",
        BEGINNING + b"\r\nhost: b",
        BEGINNING + b"\r\nContent-Length: 1\r\ncontent-length: 1",
        BEGINNING + b"\r\nContent-Length: 1, 1",
        BEGINNING + b"\r\nContent-Length: -1",
        BEGINNING + b"\r\nContent-Length: +1",
        BEGINNING + b"\r\nContent-Length: 0x1",
        BEGINNING + b"\r\nContent-Length: " + b"9" * 30,
        BEGINNING + b"\r\nContent-Length:",
        BEGINNING + b"\r\nTransfer-Encoding: chunked",
        BEGINNING + b"\r\nExpect: 100-continue",
        BEGINNING + b"\r\nConnection: close, x",
        BEGINNING + b"\r\nConnection: Upgrade",
        BEGINNING + b"\r\nUpgrade: websocket",
        BEGINNING + b"\r\nContent-Encoding: gzip",
        BEGINNING + b"\r\nX: \xff",
        BEGINNING + b"\r\nX: \x00",
        BEGINNING + b"\r\nX: a\tb",
        BEGINNING + b"\r\nX: \x7f",
        BEGINNING + b"\r\nX: a\rY: b",
        BEGINNING + b"\r\nX: a\nY: b",
        BEGINNING + b"\r\n folded: b",
        BEGINNING + b"\r\nX : b",
        BEGINNING + b"\r\nno colon",
        BEGINNING + b"\r\n: no name",
    ],
)
def test_whatever_could_be_understood_in_two_ways_is_not_plain(text):
    assert head_of(text) is None


@given(st.lists(st.sampled_from([*b" \t\r\n:ab\x00\xff"]), max_size=12), st.integers(0, len(BEGINNING)))
def test_no_head_is_read_otherwise_than_it_stands(noise, at):
    text = BEGINNING[:at] + bytes(noise) + BEGINNING[at:]
    head = head_of(text)
    if head is not None:
        lines = text.decode().split("\r\n")
        assert lines[0] == f"{head.method} {head.path}?{head.query} HTTP/1.1"
        assert [f"{name}:{value}" for name, value in head.headers.items()] == [
            f"{name.lower()}:{value.strip()}" for name, _, value in (line.partition(":") for line in lines[1:])
        ]


CALLS = [
    ("POST", "/v1/products", "name=a%40example.com&metadata[a]=b+c", None),
    (
        "POST",
        "/v1/payment_intents",
        "amount=2000&currency=usd&payment_method=pm_card_chargeDeclined&confirm=true",
        None,
    ),
    ("POST", "/v1/payment_intents", "amount=2000", None),
    ("POST", "/v1/payment_intents", "amount=2000&amount[a]=%ff", None),
    ("POST", "/v1/payment_intents", "", "sk_test_wrong"),
    ("POST", "/v1/payment_intents", "", "sk_" + "live_" + "x" * 24),
    ("GET", "/v1/customers?limit=3&email=nobody", "", None),
    ("GET", "/v1/customers/cus_unknown", "", None),
    ("GET", "/v1/customers//x", "", None),
    ("GET", "/v1/", "", None),
    ("DELETE", "/v1/customers/cus_unknown", "", None),
    ("GET", "/v2/core/events", "", None),
    ("GET", "/v1/stripecli/nothing", "", None),
]


def neutral(answer):
    """An answer without what is new in each: ids, keys and times."""
    first, headers, body = answer
    text = re.sub(r"(?:req|prod|pi|ch|pm)_[A-Za-z0-9]{8,}(?:_secret_\w+)?|\b1[0-9]{9}\b", "…", body.decode())
    kept = {name: value for name, value in headers.items() if name not in ("Request-Id", "Date", "Content-Length")}
    return first, kept, set(headers), text


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]} {call[2]}"[:60])
def test_both_ways_give_the_same_answer(emulator, control, connection, aiohttp_calls, call):
    method, target, form, key = call
    mine = connection.ask(request(emulator, method, target, form, key=key))
    assert aiohttp_calls == []
    other = connection.ask(request(emulator, method, target, form, key=key, more=NOT_PLAIN))
    assert len(aiohttp_calls) == 1
    assert neutral(mine) == neutral(other)
    calls = control.get("journal")["calls"]
    changing = ("seq", "at", "duration_ms", "request_id", "object", "error")
    plain = [{name: value for name, value in one.items() if name not in changing} for one in calls]
    assert plain[0::2] == plain[1::2]


@pytest.mark.parametrize("more", [b"", NOT_PLAIN])
def test_a_connection_ends_where_the_client_wants_it(emulator, connection, more):
    call = request(emulator, "GET", "/v1/balance", more=b"Connection: close\r\n" + more)
    first, headers, body = connection.ask(call)
    assert first == "HTTP/1.1 200 OK" and headers["Connection"] == "close" and b"usd" in body
    assert connection.read() is None


def test_what_follows_a_last_call_is_not_looked_at(emulator, connection, control):
    last = request(emulator, "GET", "/v1/balance", more=b"Connection: close\r\n")
    connection.socket.sendall(last + request(emulator, "POST", "/v1/customers", "name=a"))
    assert connection.read()[0] == "HTTP/1.1 200 OK" and connection.read() is None
    assert [call["path"] for call in control.get("journal")["calls"]] == ["/v1/balance"]


def test_an_idempotency_key_holds_both_ways(emulator, connection, aiohttp_calls):
    key = b"Idempotency-Key: both\r\n"
    first = connection.ask(request(emulator, "POST", "/v1/customers", "name=a", more=key))
    second = connection.ask(request(emulator, "POST", "/v1/customers", "name=a", more=key + NOT_PLAIN))
    third = connection.ask(request(emulator, "POST", "/v1/customers", "name=a", more=key))
    assert first[2] == second[2] == third[2] and len(aiohttp_calls) == 2
    assert second[1]["Idempotent-Replayed"] == third[1]["Idempotent-Replayed"] == "true"


@given(st.data())
def test_however_a_call_is_cut_in_pieces_it_is_answered(emulator, data):
    whole = request(emulator, "POST", "/v1/customers", "name=a") + request(emulator, "GET", "/v1/customers/cus_x")
    with Connection(emulator.url) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=5)))
        for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            connection.socket.sendall(whole[start:end])
        assert connection.read()[0] == "HTTP/1.1 200 OK"
        assert connection.read()[0] == "HTTP/1.1 404 Not Found"


def test_calls_that_come_together_are_answered_in_their_order(emulator, connection, aiohttp_calls):
    forms = [f"name=n{number}" for number in range(50)]
    connection.socket.sendall(b"".join(request(emulator, "POST", "/v1/customers", form) for form in forms))
    names = [json.loads(connection.read()[2])["name"] for _ in forms]
    assert names == [form[5:] for form in forms] and not aiohttp_calls


def test_a_connection_may_change_its_manners_between_calls(emulator, connection, aiohttp_calls):
    plain = request(emulator, "POST", "/v1/customers", "name=a")
    chunked = plain.replace(b"Content-Length: 6", b"Transfer-Encoding: chunked").replace(
        b"\r\n\r\nname=a", b"\r\n\r\n3\r\nnam\r\n3\r\ne=b\r\n0\r\n\r\n"
    )
    connection.socket.sendall(plain + chunked + plain)
    assert [json.loads(connection.read()[2])["name"] for _ in range(3)] == ["a", "b", "a"]
    assert len(aiohttp_calls) == 2


def test_large_bodies_are_aiohttps(emulator, connection, aiohttp_calls):
    form = "name=" + "x" * (MOST_BODY - 4)
    assert connection.ask(request(emulator, "POST", "/v1/customers", form))[0] == "HTTP/1.1 400 Bad Request"
    assert aiohttp_calls == ["POST /v1/customers"]


def test_faults_concern_plain_calls_too(emulator, control, connection, aiohttp_calls):
    call = request(emulator, "GET", "/v1/balance")
    assert connection.ask(call)[0] == "HTTP/1.1 200 OK"
    control.post("faults", action={"kind": "status", "status": 503}, times=1)
    assert connection.ask(call)[0] == "HTTP/1.1 503 Service Unavailable"
    control.delete("faults")
    assert connection.ask(call)[0] == "HTTP/1.1 200 OK" and len(aiohttp_calls) == 2


def test_a_fault_concerns_calls_that_have_begun_to_arrive(emulator, control, connection, aiohttp_calls):
    call = request(emulator, "POST", "/v1/customers", "name=a")
    connection.ask(call)
    connection.socket.sendall(call[:-3])
    control.post("faults", action={"kind": "status", "status": 503})
    assert connection.ask(call[-3:])[0] == "HTTP/1.1 503 Service Unavailable"
    assert aiohttp_calls == ["POST /v1/customers"]


def test_who_reads_no_answers_is_not_served_without_end(emulator, control):
    """The emulator stops reading from it, and serves others; later it gets all that it asked for."""
    call, count = request(emulator, "GET", "/v1/customers?limit=100"), 1000
    with Connection(emulator.url) as busy, Connection(emulator.url) as other:
        for _ in range(100):
            other.ask(request(emulator, "POST", "/v1/customers", "name=a"))
        busy.socket.sendall(call * count)  # the system's buffers take this, but not 1,000 answers of 80 KB

        def calls():
            other.ask(request(emulator, "GET", "/v1/balance"))
            return control.get("health")["calls"]

        before, now = 0, calls()
        while now != before + 1:
            before, now = now, calls()
        assert 100 < now < count
        assert all(busy.read()[0] == "HTTP/1.1 200 OK" for _ in range(count))


@pytest.mark.parametrize(
    "sent", [b"", b"GET /v1", b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"]
)
def test_who_leaves_in_the_middle_is_forgotten(emulator, connection, sent):
    connection.ask(request(emulator, "GET", "/v1/balance"))
    connection.socket.sendall(sent)
    connection.socket.shutdown(socket.SHUT_WR)
    assert connection.socket.recv(10) == b""


def test_a_stop_closes_what_is_open():
    running = Emulator(EmulatorConfig()).start()
    with Connection(running.url) as idle, Connection(running.url) as other:
        assert idle.ask(request(running, "GET", "/v1/balance"))[0] == "HTTP/1.1 200 OK"
        assert other.ask(request(running, "GET", "/v1/balance", more=NOT_PLAIN))[0] == "HTTP/1.1 200 OK"
        running.stop()
        assert idle.socket.recv(10) == b"" == other.socket.recv(10)


@settings(max_examples=200)
@given(
    at=st.integers(0, 400),
    noise=st.binary(max_size=4) | st.sampled_from([b"\r\n", b"\r\n\r\n", b":", b" ", b"Content-Length: 3\r\n"]),
    gone=st.integers(0, 12),
)
def test_a_spoilt_call_ends_no_one_elses(emulator, at, noise, gone):
    whole = request(emulator, "POST", "/v1/customers", "name=a&metadata[a]=b", more=b"Idempotency-Key: a\r\n")
    with Connection(emulator.url) as connection:
        connection.socket.sendall(whole[:at] + noise + whole[at + gone :])
        connection.socket.shutdown(socket.SHUT_WR)
        answer = connection.read()
        assert answer is None or " 500 " not in answer[0]
