from __future__ import annotations

import io
import json
import threading

import pytest
from tests.reporters.golden import GOLDEN, RESULTS
from tests.reporters.hostile import RAW

from stripe_audit.events import (
    CheckBegan,
    CheckFinished,
    NoteAdded,
    PhaseFinished,
    PhaseStarted,
    RunFinished,
    RunStarted,
)
from stripe_audit.reporters import event_stream
from stripe_audit.reporters.event_stream import SCHEMA, EventStream

EVENTS = (
    RunStarted("run_1", 2, 3),
    NoteAdded("a note"),
    PhaseStarted(1, "Server startup and environment"),
    CheckBegan("server-starts"),
    CheckFinished(RESULTS[5]),
    PhaseFinished(1),
    RunFinished(interrupted=False),
)


def streamed(*events, report=None):
    file = io.StringIO()
    stream = EventStream(file, clock=lambda: 1795000000.12345)
    for event in events:
        stream(event)
    if report:
        stream.close(report)
    assert stream.trouble is None
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_every_event_is_a_line_with_its_members():
    lines = streamed(*EVENTS, report=GOLDEN)
    assert [line["seq"] for line in lines] == list(range(1, 9))
    assert {line["schema"] for line in lines} == {SCHEMA} and {line["at"] for line in lines} == {1795000000.123}
    assert [line["event"] for line in lines] == [
        "run-started",
        "note-added",
        "phase-started",
        "check-began",
        "check-finished",
        "phase-finished",
        "run-finished",
        "report",
    ]
    assert (lines[0]["run"], lines[0]["planned"], lines[0]["total"]) == ("run_1", 2, 3)
    assert lines[4]["result"]["check"] == "webhook-signature-verified"
    assert lines[4]["result"]["findings"][0]["severity"] == "critical"
    assert lines[4]["result"]["findings"][0]["fingerprint"] == RESULTS[5].findings[0].fingerprint
    assert (lines[7]["headline"], lines[7]["verdict"], lines[7]["exit_code"]) == ("judged 12 of 18", "not safe", 1)


def test_the_documentation_names_every_event_and_member():
    for line in streamed(*EVENTS, report=GOLDEN):
        told = next(row for row in event_stream.__doc__.splitlines() if row.startswith(f"``{line['event']}``"))
        for member in set(line) - {"schema", "seq", "at", "event"}:
            assert f"``{member}``" in told


def test_hostile_text_stays_on_its_line_and_does_not_act():
    file = io.StringIO()
    stream = EventStream(file)
    for result in RAW.results:
        stream(CheckFinished(result))
    lines = file.getvalue().split("\n")
    assert len(lines) == len(RAW.results) + 1 and lines[-1] == ""
    assert not set(file.getvalue()) & set("\x1b\x07\u202e\u200b\u2028\x85\r\0")
    assert not any(line.startswith("::") or "##[" in line for line in lines)
    assert [json.loads(line)["result"]["title"] for line in lines[:-1]] == [result.title for result in RAW.results]


class _Failing(io.StringIO):
    def __init__(self, after):
        super().__init__()
        self.after = after

    def flush(self):
        self.after -= 1
        if self.after < 0:
            raise OSError(28, "No space left on device")


def test_a_full_disk_ends_the_stream_and_not_the_run():
    stream = EventStream(_Failing(2))
    for event in EVENTS:
        stream(event)
    stream.close(GOLDEN)
    assert stream.trouble == "No space left on device"


def test_a_closed_file_ends_the_stream_and_not_the_run():
    file = io.StringIO()
    stream = EventStream(file)
    file.close()
    stream(EVENTS[0])
    assert "closed" in stream.trouble


def test_threads_do_not_mix_their_lines():
    file = io.StringIO()
    stream = EventStream(file)
    workers = [
        threading.Thread(target=lambda n=n: [stream(CheckBegan(f"check-{n}-{i}" * 50)) for i in range(50)])
        for n in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 401))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_each_line_is_there_before_the_next_event(event):
    flushed = []

    class File(io.StringIO):
        def flush(self):
            flushed.append(self.getvalue())

    stream = EventStream(File())
    stream(event)
    assert len(flushed) == 1 and flushed[0].endswith("\n")
