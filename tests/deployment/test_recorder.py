"""The record of exchanges: whole, bounded, without secrets, and kept when the disk is full."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.deployment.recorder import BODY_CAP, Recorder, exchange_from
from stripe_audit.models import Exchange, Party
from stripe_audit.redaction import Redactor

KEY = "sk_test_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a"
SECRET = "hunter2hunter2hunter2"


def record(recorder: Recorder, **changes: Any) -> str:
    return recorder.record(
        **{
            "source": Party.AUDIT,
            "destination": Party.APP,
            "method": "GET",
            "url": "http://127.0.0.1/",
            "request_headers": [],
            "request_body": b"",
            "status": 200,
            **changes,
        }
    )


def read(recorder: Recorder, identity: str) -> Exchange:
    exchange = recorder.get(identity)
    assert exchange
    return exchange


@pytest.mark.parametrize("is_kept_in_memory", [True, False])
def test_an_exchange_comes_back_as_it_was_recorded(tmp_path: Path, is_kept_in_memory: bool) -> None:
    recorder = Recorder(None if is_kept_in_memory else tmp_path, Redactor([SECRET]))
    first = record(
        recorder,
        method="POST",
        url=f"http://a/?k={KEY}",
        request_headers=[("Cookie", "a=b"), ("X-A", SECRET)],
        request_body=f'{{"k": "{SECRET}"}}'.encode(),
        status=201,
        response_headers=[("X-B", "1"), ("X-B", "2")],
        response_body="日本\x07\ud83d".encode("utf-8", "surrogatepass"),
        duration_ms=12.34,
        check="c",
        route="r /p",
        fault="f",
        duplicate=True,
    )
    second = record(recorder, status=None, error=f"broke off at {KEY}")
    one, other = read(recorder, first), read(recorder, second)
    assert (first, second) == ("x1", "x2")
    assert one.request.headers == (("Cookie", "[hidden]"), ("X-A", "…ter2"))
    assert one.request.body == '{"k": "…ter2"}'
    assert one.response is not None
    assert one.response.headers == (("X-B", "1"), ("X-B", "2"))
    assert one.response.body.startswith("日本␇�")
    assert (one.method, one.status, one.duration_ms, one.check) == ("POST", 201, 12.3, "c")
    assert (one.route, one.fault, one.duplicate) == ("r /p", "f", True)
    assert KEY not in one.url
    assert (other.status, other.response) == (None, None)
    assert KEY not in str(other.error)
    recorder.close()
    assert read(recorder, first) == one
    assert recorder.get("x9") is None
    assert recorder.trouble is None


def test_every_line_in_the_file_is_an_exchange(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    identities = [record(recorder, response_body=b"a\nb\r\n\xe2\x80\xa8c", route="r\ud800") for _ in range(3)]
    recorder.close()
    lines = (tmp_path / "exchanges.ndjson").read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line)["id"] for line in lines] == identities
    assert [exchange_from(json.loads(line)).id for line in lines] == identities


@pytest.mark.parametrize(
    ("body", "is_cut"),
    [
        (b"x" * BODY_CAP, False),
        (b"x" * (BODY_CAP + 1), True),
        (b"x" * 1_000_000, True),
        ("日".encode() * BODY_CAP, False),
        ("👩".encode() * BODY_CAP, False),
        ("👩".encode() * (BODY_CAP + 1), True),
        (b"\xff" * 10, False),
    ],
)
def test_a_body_is_kept_up_to_the_cap_and_says_where_it_was_cut(body: bytes, is_cut: bool) -> None:
    recorder = Recorder(None, Redactor())
    message = read(recorder, record(recorder, response_body=body)).response
    assert message is not None
    assert len(message.body) <= BODY_CAP
    assert message.truncated is is_cut


def test_an_answer_that_came_cut_says_so_too() -> None:
    recorder = Recorder(None, Redactor())
    message = read(recorder, record(recorder, response_body=b"x", truncated=True)).response
    assert message is not None
    assert message.truncated


@pytest.mark.parametrize("before", [*range(4 * BODY_CAP - 60, 4 * BODY_CAP + 2, 3)])
def test_a_secret_on_the_edge_of_what_is_looked_at_does_not_leave_in_part(before: int) -> None:
    """What stands before it is masked and shrinks, so that the edge moves into what is kept."""
    recorder = Recorder(None, Redactor([SECRET]))
    long = "sk_test_" + "a" * 300 + " "
    filler = long * (before // len(long))
    body = filler + "." * (before - len(filler)) + SECRET + " " + KEY + " the end"
    message = read(recorder, record(recorder, response_body=body.encode())).response
    assert message is not None
    assert SECRET[:8] not in message.body
    assert KEY[8:20] not in message.body


def test_headers_are_bounded_and_cut_after_they_were_made_safe() -> None:
    recorder = Recorder(None, Redactor([SECRET]))
    many = [(f"X-{number}", "v") for number in range(5000)]
    long = [("X-Long", "x" * 4090 + SECRET), ("X-" + "n" * 100_000, "v")]
    message = read(recorder, record(recorder, response_headers=[*long, *many])).response
    assert message is not None
    assert len(message.headers) <= 200
    assert all(len(name) < 5000 and len(value) < 5000 for name, value in message.headers)
    assert SECRET[:5] not in str(message.headers)


class Disk(io.RawIOBase):
    """A file on a disk that is full after ``room`` bytes: it takes what fits, then refuses."""

    def __init__(self, room: int, error: int = errno.ENOSPC) -> None:
        self.content = bytearray()
        self._room = room
        self._error = error

    def write(self, data: Any) -> int:
        taken = bytes(data)[: self._room - len(self.content)]
        if not taken:
            raise OSError(self._error, "No space left on device")
        self.content += taken
        return len(taken)

    def seek(self, offset: int, whence: int = 0) -> int:
        return len(self.content)

    def truncate(self, size: int | None = None) -> int:
        del self.content[size:]
        return len(self.content)


@pytest.mark.parametrize("room", [0, 1, 500, 1000, 1500])
def test_a_full_disk_stops_the_writing_and_not_the_recording(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(room)
    monkeypatch.setattr(Path, "open", lambda *_, **__: disk)
    recorder = Recorder(tmp_path, Redactor())
    monkeypatch.undo()
    identities = [record(recorder, url=f"http://a/{number}") for number in range(10)]
    assert recorder.trouble is not None
    assert "no longer kept" in recorder.trouble
    assert "No space left" in recorder.trouble
    whole = [json.loads(line) for line in disk.content.splitlines()]  # no half line
    (tmp_path / "exchanges.ndjson").write_bytes(disk.content)
    assert [read(recorder, identity).url for identity in identities] == [f"http://a/{number}" for number in range(10)]
    assert len(whole) == sum(identity in {one["id"] for one in whole} for identity in identities)
    recorder.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
def test_a_really_full_device_keeps_recording_in_memory(tmp_path: Path) -> None:
    (tmp_path / "exchanges.ndjson").symlink_to("/dev/full")
    recorder = Recorder(tmp_path, Redactor())
    identity = record(recorder)
    assert read(recorder, identity).id == identity
    assert recorder.trouble is not None
    assert "No space left" in recorder.trouble


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "missing", tmp_path / "file"):
        recorder = Recorder(folder, Redactor())
        assert recorder.trouble is not None
        assert "cannot be written" in recorder.trouble
        assert read(recorder, record(recorder)).status == 200


def test_a_record_that_was_taken_away_or_spoilt_is_told(tmp_path: Path) -> None:
    for spoil in (Path.unlink, lambda path: path.write_bytes(b"\0" * 10_000)):
        recorder = Recorder(tmp_path, Redactor())
        identity = record(recorder)
        recorder.close()
        spoil(tmp_path / "exchanges.ndjson")
        assert recorder.get(identity) is None
        assert "cannot be read again" in str(recorder.trouble)


def test_threads_record_side_by_side(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Redactor())
    taken: list[str] = []

    def work(name: str) -> None:
        for number in range(50):
            identity = record(recorder, url=f"http://{name}/{number}")
            assert read(recorder, identity).url == f"http://{name}/{number}"
            taken.append(identity)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    assert len(set(taken)) == 200
    assert len((tmp_path / "exchanges.ndjson").read_text().splitlines()) == 200


@given(st.binary(max_size=300), st.text(max_size=50), st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9))))
def test_whatever_is_recorded_can_be_written_and_read(body: bytes, url: str, headers: list[tuple[str, str]]) -> None:
    recorder = Recorder(None, Redactor([SECRET]))
    exchange = read(recorder, record(recorder, response_body=body, url=url, response_headers=headers))
    line = json.dumps(dataclasses.asdict(exchange), ensure_ascii=False).encode()
    assert exchange_from(json.loads(line)) == exchange


@pytest.mark.parametrize("entry", [{}, {"source": "x"}, {"source": "app", "destination": "app", "request": 1}])
def test_a_line_of_another_form_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        exchange_from(entry)
