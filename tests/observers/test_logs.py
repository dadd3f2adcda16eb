"""A log file that grows, is truncated, rotated, or full of what no log should hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.observers import logs
from stripe_audit.observers.interface import LogLine
from stripe_audit.observers.logs import FileLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def write(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def texts(log: FileLog, mark: int) -> list[str]:
    return [line.text for line in log.since(mark)]


def test_only_what_is_written_after_the_mark_is_new(path: Path) -> None:
    write(path, "old\n")
    log = FileLog(path, is_json=False)
    mark = log.mark()
    assert texts(log, mark) == []
    write(path, "one\n\n  \ntwo\r\nthree")
    assert texts(log, mark) == ["one", "two", "three"]
    assert texts(log, 0) == ["old", "one", "two", "three"]
    assert texts(log, log.mark()) == []


def test_a_file_that_comes_later_is_new_as_a_whole(path: Path) -> None:
    log = FileLog(path, is_json=False)
    mark = log.mark()
    assert (mark, texts(log, mark)) == (0, [])
    write(path, "one\n")
    assert texts(log, mark) == ["one"]
    path.unlink()
    assert texts(log, mark) == []


@pytest.mark.parametrize("new", ["new\n", "a much longer line than everything that stood there before the rotation\n"])
def test_a_truncated_file_is_new_as_a_whole(path: Path, new: str) -> None:
    write(path, "old line\nanother\n")
    log = FileLog(path, is_json=False)
    mark = log.mark()
    path.write_text(new)
    assert texts(log, mark) == [new.strip()]


@pytest.mark.parametrize("new", ["new\n", "a much longer line than everything that stood there before the rotation\n"])
@pytest.mark.parametrize("old", ["", "old line\n"])
def test_a_rotated_file_gives_the_end_of_the_old_one_and_all_of_the_new(path: Path, new: str, old: str) -> None:
    write(path, old)
    log = FileLog(path, is_json=False)
    mark = log.mark()
    write(path, "last of the old\n")
    path.rename(path.with_suffix(".log.1"))
    assert texts(log, mark) == ["last of the old"]
    write(path, new)
    assert texts(log, mark) == ["last of the old", new.strip()]


def test_what_was_written_before_a_copy_and_truncation_is_in_the_copy(path: Path) -> None:
    """logrotate's copytruncate."""
    write(path, "old line\n")
    log = FileLog(path, is_json=False)
    mark = log.mark()
    write(path, "last of the old\n")
    path.with_name("app.log.1").write_bytes(path.read_bytes())
    path.write_text("")
    assert texts(log, mark) == ["last of the old"]
    write(path, "new\n")
    assert texts(log, mark) == ["last of the old", "new"]


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed_old_logs_are_not_read(path: Path, ending: str) -> None:
    """Even where one has the inode of the file that was marked."""
    write(path, "old line\n")
    log = FileLog(path, is_json=False)
    mark = log.mark()
    write(path, "last of the old\n")
    path.rename(path.with_name(f"app.log.1{ending}"))
    write(path, "new\n")
    assert texts(log, mark) == ["new"]


def test_another_log_beside_it_is_not_taken_for_the_old_one(path: Path) -> None:
    write(path, "old line\n")
    write(path.with_name("app.log.2"), "older, and much longer than the other\n")
    write(path.with_name("app.logic"), "old li")
    log = FileLog(path, is_json=False)
    mark = log.mark()
    path.unlink()
    write(path, "new\n")
    assert texts(log, mark) == ["new"]


def test_reading_changes_nothing(path: Path) -> None:
    write(path, "old line\n")
    path.chmod(0o400)
    before = path.stat()
    log = FileLog(path, is_json=True)
    log.since(log.mark())
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ctime_ns, after.st_size) == (before.st_mtime_ns, before.st_ctime_ns, 9)
    assert [one.name for one in path.parent.iterdir()] == ["app.log"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-11-25 01:02:03 ERROR payment failed", "error"),
        ("2026-11-25T01:02:03Z [warn] payment failed", "warn"),
        ("error: payment failed", "error"),
        ("Error: payment failed", "error"),
        ("WARNING:shop:payment failed", "warning"),
        ("level=error msg=x", "error"),
        ('time="2026" level="warning" msg=x', "warning"),
        ("[Nest] 12 - 11/25/2026, 1:02:03 AM   ERROR [Payments] x", "error"),
        ("I think an error happened, no information", ""),
        ("payment o1 is paid", ""),
        ("GET /errors 200", ""),
        ("x" * 200 + " ERROR", ""),
    ],
)
def test_the_level_of_a_line_of_text(text: str, level: str) -> None:
    assert LogLine(text).level == level


def test_a_file_that_was_deleted_and_made_again_is_new_as_a_whole(path: Path) -> None:
    write(path, "old line\n" * 3)
    log = FileLog(path, is_json=False)
    mark = log.mark()
    path.unlink()
    write(path, "new line\n" * 9)
    assert texts(log, mark) == ["new line"] * 9


def test_a_copy_in_its_place_goes_on_where_it_was(path: Path) -> None:
    write(path, "old line\n")
    log = FileLog(path, is_json=False)
    mark = log.mark()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes() + b"new\n")
    copy.replace(path)
    assert texts(log, mark) == ["new"]


def test_json_lines_have_fields_and_others_have_none(path: Path) -> None:
    write(path, '{"level": "info", "msg": "a"}\nplain\n  {"level": 50}\n{"broken\n["a"]\n')
    lines = FileLog(path, is_json=True).since(0)
    assert [line.fields for line in lines] == [{"level": "info", "msg": "a"}, None, {"level": 50}, None, None]
    assert [line.level for line in lines] == ["info", "", "error", "", ""]
    assert all(line.fields is None for line in FileLog(path, is_json=False).since(0))


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_only_a_newline_ends_a_line(path: Path, character: str) -> None:
    write(path, json.dumps({"msg": f"a{character}b"}, ensure_ascii=False) + "\n")
    (line,) = FileLog(path, is_json=True).since(0)
    assert line.fields == {"msg": f"a{character}b"}


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\0", b'{"a":' * 200_000, b'{"a": ' + b"9" * 10_000 + b"}", b'{"a": "\\ud800"}', b"x" * 1_000_000]
)
def test_no_line_breaks_the_reading(path: Path, line: bytes) -> None:
    write(path, b"before\n" + line + b"\nafter\n")
    found = texts(FileLog(path, is_json=True), 0)
    assert (found[0], found[-1], len(found)) == ("before", "after", 3)


def test_what_is_read_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_READ_CAP", 1000)
    write(path, b"line\n" * 5000)
    log = FileLog(path, is_json=False)
    assert len(log.since(0)) == len(log.since(500)) == 200


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder", "missing"):
        log = FileLog(tmp_path / name, is_json=False)
        assert (log.mark(), log.since(0)) == (0, [])


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1, max_size=30), max_size=8
    ),
    st.data(),
)
def test_lines_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("log") / "app.log"
    cut = data.draw(st.integers(0, len(lines)))
    write(path, "".join(line + "\n" for line in lines[:cut]))
    log = FileLog(path, is_json=False)
    mark = log.mark()
    write(path, "".join(line + "\n" for line in lines[cut:]))
    assert texts(log, mark) == [line for line in lines[cut:] if line.strip()]
