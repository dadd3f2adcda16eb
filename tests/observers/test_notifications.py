"""The sink for SMS and chat webhooks: what is posted in whatever form is kept, and passed on to nobody."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from stripe_audit.errors import TargetError
from stripe_audit.observers.notifications import NotificationSink

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def sink(capfd: pytest.CaptureFixture[str]) -> Iterator[NotificationSink]:
    started = NotificationSink()
    started.start()
    yield started
    started.stop()
    assert capfd.readouterr() == ("", "")


def post(
    sink: NotificationSink, path: str, body: bytes | None, kind: str = "application/json", method: str = "POST"
) -> int:
    request = urllib.request.Request(sink.url + path, body, {"Content-Type": kind}, method=method)
    try:
        with OPENER.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize(
    ("path", "body", "kind", "fields", "texts"),
    [
        ("/slack", b'{"text": "schiefgegangen: o1 \\u2713"}', JSON, {"text": "schiefgegangen: o1 ✓"}, ["o1 ✓"]),
        ("/blocks", b'{"parts": [{"text": "pi_1"}]}', JSON, {"parts": [{"text": "pi_1"}]}, ["pi_1"]),
        ("/sms", b"To=%2B49&Body=Order+o1%3A+paid", FORM, {"To": "+49", "Body": "Order o1: paid"}, ["Order o1: paid"]),
        ("/raw", b"order o1 \xff", "text/plain", {}, ["order o1"]),
        ("/list", b'["o1"]', JSON, {}, ["o1"]),
        ("/q?to=%2B49&text=o1+paid", b"{}", JSON, {"to": "+49", "text": "o1 paid"}, ["o1+paid", "+49"]),
        ("/o1/x%20y", b"{", JSON, {}, ["/o1/"]),
    ],
)  # fmt: skip
def test_what_is_posted_is_kept(
    sink: NotificationSink, path: str, body: bytes, kind: str, fields: dict[str, object], texts: list[str]
) -> None:
    assert post(sink, path, body, kind) == 200
    (one,) = sink.messages()
    assert (one.path, dict(one.fields)) == (urllib.request.unquote(path.partition("?")[0]), fields)
    assert all(one.names([text]) for text in texts), one.text


def test_gateways_that_take_get_are_heard_and_those_who_only_look_are_not(sink: NotificationSink) -> None:
    assert post(sink, "/", None, method="GET") == 200
    assert sink.messages() == []
    assert post(sink, "/send?text=o1", None, method="GET") == 200
    assert [one.path for one in sink.messages()] == ["/send"]


def test_they_are_found_by_path_and_by_text(sink: NotificationSink) -> None:
    for path, text in (("/sms", "o1"), ("/alerts", "o1"), ("/alerts/high", "o2")):
        post(sink, path, json.dumps({"text": text}).encode())
    assert [one.path for one in sink.messages()] == ["/sms", "/alerts", "/alerts/high"]
    assert [one.path for one in sink.messages(at="/alerts")] == ["/alerts", "/alerts/high"]
    assert [one.path for one in sink.messages(naming=["o1", "pi_1"])] == ["/sms", "/alerts"]
    assert sink.messages(at="/alerts", naming=["o3"]) == []


def test_the_answer_is_what_the_service_would_say() -> None:
    sink = NotificationSink(status=201, body={"sid": "SM1"})
    sink.start()
    try:
        with OPENER.open(sink.url + "/Messages.json", b"Body=x", timeout=10) as answer:
            assert (answer.status, json.load(answer)) == (201, {"sid": "SM1"})
    finally:
        sink.stop()
        sink.stop()
    assert len(sink.messages()) == 1


def test_a_body_in_chunks_is_read_and_one_without_end_is_not(sink: NotificationSink) -> None:
    host = sink.url.removeprefix("http://")
    for path, chunks, status in (("/a", [b"o1 ", b"paid"], 200), ("/b", [b"x" * 100_000] * 3, 413)):
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("POST", path, iter(chunks), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        assert connection.getresponse().status == status
        connection.close()
    assert [one.text for one in sink.messages()] == ["/a\no1 paid"]
    for head in (b"Content-Length: 99999999", b"Content-Length: -1", b"Transfer-Encoding: chunked\r\n\r\nzz"):
        with socket.create_connection(("127.0.0.1", int(host.partition(":")[2])), timeout=10) as raw:
            raw.sendall(b"POST /c HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
            assert b" 413 " in raw.recv(100)


def test_many_at_once_and_one_that_stalls(sink: NotificationSink) -> None:
    stalled = socket.create_connection(("127.0.0.1", int(sink.url.rpartition(":")[2])), timeout=10)
    stalled.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
    threads = [threading.Thread(target=post, args=(sink, f"/{n}", b"{}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.path for one in sink.messages()) == sorted(f"/{n}" for n in range(12))
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stalled.close()  # by a reset
    post(sink, "/last", b"{}")


def test_an_answer_can_be_kept_back_and_is_then_a_refusal(sink: NotificationSink) -> None:
    statuses: list[int] = []
    sink.hold("o1")
    thread = threading.Thread(target=lambda: statuses.append(post(sink, "/sms", b'{"text": "o1"}')))
    thread.start()
    assert post(sink, "/sms", b'{"text": "o2"}') == 200
    while not sink.is_waiting("o1"):
        assert thread.is_alive()
    assert statuses == []
    sink.let_go("o1")
    thread.join(10)
    assert statuses == [503]
    assert post(sink, "/sms", b'{"text": "o1"}') == 200
    assert [one.fields["text"] for one in sink.messages()] == ["o2", "o1"]


def test_a_port_that_is_taken_is_an_error_that_names_its_setting(sink: NotificationSink) -> None:
    with pytest.raises(TargetError) as caught:
        NotificationSink(int(sink.url.rpartition(":")[2])).start()
    assert caught.value.hint and "observers.notifications.port" in caught.value.hint
