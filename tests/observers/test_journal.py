"""systemd's journal, as ``journalctl -o json`` and ``-o export`` write it, and as the program itself shows it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.journal import JournalFile, JournalUnit, entries_in

ENTRIES = [
    {"__CURSOR": "s=1;i=1", "MESSAGE": "started", "PRIORITY": "6", "_SYSTEMD_UNIT": "shop.service"},
    {"__CURSOR": "s=1;i=2", "MESSAGE": '{"level": 40, "order": "o1"}', "PRIORITY": "6"},
    {"__CURSOR": "s=1;i=3", "MESSAGE": '{"order": "o1"}', "PRIORITY": "3"},
    {"__CURSOR": "s=1;i=4", "MESSAGE": "ERROR order o1", "PRIORITY": "6"},
    {"__CURSOR": "s=1;i=5", "MESSAGE": [111, 49, 255, 10], "PRIORITY": "4"},
    {"__CURSOR": "s=1;i=6", "MESSAGE": None},
    {"__CURSOR": "s=1;i=7", "MESSAGE": "no priority"},
]
LINES = [
    ("started", "info"),
    ('{"level": 40, "order": "o1"}', "warning"),
    ('{"order": "o1"}', "error"),
    ("ERROR order o1", "error"),
    ("o1\ufffd", "warning"),
    ("no priority", ""),
]


def as_json(entries: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def as_export(entries: list[dict[str, object]]) -> bytes:
    """As systemd.dev/JOURNAL_EXPORT_FORMATS has it: what is not plain text is written with its length."""
    data = b""
    for entry in entries:
        for name, value in entry.items():
            raw = bytes(value) if isinstance(value, list) else str(value if value is not None else "").encode()
            is_plain = b"\n" not in raw and raw.isascii()
            sized = b"\n" + len(raw).to_bytes(8, "little") + raw
            data += name.encode() + (b"=" + raw if is_plain else sized) + b"\n"
        data += b"\n"
    return data


@pytest.mark.parametrize("written", [as_json, as_export])
def test_entries_are_lines_with_a_level(written, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(written(ENTRIES[:1]))
    log = JournalFile(path, is_json=True)
    mark = log.mark()
    with path.open("ab") as file:
        file.write(written(ENTRIES[1:]))
    assert [(line.text, line.level) for line in log.since(0)] == LINES
    assert [(line.text, line.level) for line in log.since(mark)] == LINES[1:]
    assert [(line.fields or {}).get("order") for line in log.since(mark)][:2] == ["o1", "o1"]
    assert path.read_bytes() == written(ENTRIES)


def test_a_message_of_several_lines_is_one_line() -> None:
    message = "Traceback\n  File\n\nValueError=x"
    (entry,) = entries_in(as_export([{"MESSAGE": message, "PRIORITY": "3"}]))
    assert entry == {"MESSAGE": message, "PRIORITY": "3"}


@pytest.mark.parametrize("written", [as_json, as_export])
def test_wherever_it_is_cut_off_what_is_whole_is_read(written) -> None:
    data = written(ENTRIES)
    for end in range(len(data)):
        found = [str(entry.get("__CURSOR")) for entry in entries_in(data[:end])]
        assert found == [f"s=1;i={number}" for number in range(1, len(found) + 1)] or written is as_export
        assert len(found) <= len(ENTRIES)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"{", b"[1]\n", b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffx", b"=\n"])
def test_what_is_no_export_has_no_entries(data: bytes) -> None:
    assert list(entries_in(data)) == []


# The program, played by a script that takes the documented options

PLAYED = """#!{python}
import json, sys
asked = dict(one.partition("=")[::2] for one in sys.argv[1:])
assert asked.keys() <= {{"--unit", "--output", "--all", "--no-pager", "--quiet", "--lines", "--after-cursor"}}
assert (asked["--unit"], asked["--output"]) == ("shop.service", "json")
entries = [json.loads(line) for line in open({journal!r})]
if "--lines" in asked:
    entries = entries[-int(asked["--lines"]):]
if "--after-cursor" in asked:
    entries = entries[[one["__CURSOR"] for one in entries].index(asked["--after-cursor"]) + 1 :]
print("\\n".join(map(json.dumps, entries)))
"""


def journalctl(folder: Path, text: str) -> str:
    path = folder / "journalctl"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_units_entries_after_a_mark_are_those_after_the_cursor(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.write_bytes(b"")
    program = journalctl(tmp_path, PLAYED.format(python=sys.executable, journal=str(journal)))
    log = JournalUnit("shop.service", is_json=True, program=program)
    empty = log.mark()
    assert (log.has_lines, log.since(empty)) == (False, [])
    journal.write_bytes(as_json(ENTRIES[:2]))
    mark = log.mark()
    assert log.has_lines
    journal.write_bytes(as_json(ENTRIES))
    assert [(line.text, line.level) for line in log.since(mark)] == LINES[2:]
    assert [(line.text, line.level) for line in log.since(0)] == LINES


def test_a_journal_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    failing = journalctl(tmp_path, "#!/bin/sh\necho 'No journal files were opened' >&2\nexit 1\n")
    for program, told in ((failing, "No journal files were opened"), (str(tmp_path / "none"), "is not installed")):
        with pytest.raises(Inconclusive, match=told) as caught:
            JournalUnit("shop.service", is_json=False, program=program).mark()
        assert caught.value.supply and caught.value.supply.startswith("observers.logs")
