"""systemd's journal: a unit's entries by ``journalctl``, or a file that ``journalctl -o json`` or ``-o export`` writes.

The fields are those of systemd.journal-fields(7), the export format that of systemd.dev/JOURNAL_EXPORT_FORMATS.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from stripe_audit.errors import Inconclusive
from stripe_audit.observers.interface import LogLine, LogObserver
from stripe_audit.observers.logs import FileLog

__all__ = ["JournalFile", "JournalUnit", "entries_in"]

_LEVELS = ("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")
"""By PRIORITY, 0 to 7 (syslog's)."""
_MOST = 20_000
_WITHIN_S = 10.0


def entries_in(data: bytes) -> Iterator[Mapping[str, Any]]:
    """The entries in an export, whichever of the two formats it has. What is cut off at its end is left out."""
    if data.lstrip()[:1] == b"{":
        for line in data.split(b"\n"):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                yield entry
        return
    yield from _exported(data)


def _exported(data: bytes) -> Iterator[Mapping[str, Any]]:
    """``NAME=value`` lines, or a name, eight bytes of length and that many bytes; an empty line ends an entry."""
    entry: dict[str, Any] = {}
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        if end < 0:
            break
        name, is_text, value = data[at:end].partition(b"=")
        if not name:
            if entry:
                yield entry
            entry, at = {}, end + 1
        elif is_text:
            entry[name.decode("ascii", "replace")] = value.decode("utf-8", "replace")
            at = end + 1
        else:
            size = int.from_bytes(data[end + 1 : end + 9], "little")
            begin = end + 9
            if begin + size > len(data):
                return
            entry[name.decode("ascii", "replace")] = data[begin : begin + size].decode("utf-8", "replace")
            at = begin + size + 1
    if entry and data.endswith(b"\n"):
        yield entry


def _line(entry: Mapping[str, Any], *, is_json: bool) -> LogLine:
    """The message, with its own fields where it is JSON; the level is the message's, else the entry's PRIORITY."""
    message = entry.get("MESSAGE")
    if isinstance(message, list):  # not UTF-8: the bytes as numbers
        message = bytes(one & 255 for one in message if isinstance(one, int)).decode("utf-8", "replace")
    text = str(message or "").rstrip("\r\n")
    priority = str(entry.get("PRIORITY", ""))
    level = {"level": _LEVELS[int(priority)]} if priority in list("01234567") else {}
    own: Any = None
    if is_json and text.lstrip().startswith("{"):
        try:
            own = json.loads(text)
        except (ValueError, RecursionError):
            own = None
    if isinstance(own, dict):
        has_level = bool(LogLine(text, own).level)
        return LogLine(text, own if has_level else {**own, **level})
    own_level = LogLine(text).level
    return LogLine(text, {"level": own_level} if own_level else level)


class JournalFile(FileLog):
    """A file that grows by whole entries; it is rotated and truncated like any other."""

    def since(self, mark: int) -> list[LogLine]:
        return [_line(entry, is_json=self._is_json) for entry in entries_in(self._since(mark)) if entry.get("MESSAGE")]


class JournalUnit(LogObserver):
    """The entries of one unit, as ``journalctl`` shows them. A mark stands for the cursor of the last one then."""

    def __init__(self, unit: str, *, is_json: bool, program: str = "journalctl") -> None:
        self._unit = unit
        self._is_json = is_json
        self._program = program
        self._cursors: list[str] = [""]

    def mark(self) -> int:
        last = list(entries_in(self._asked("--lines=1")))
        self._cursors.append(str(last[-1].get("__CURSOR", "")) if last else "")
        return len(self._cursors) - 1

    @property
    def has_lines(self) -> bool:
        """Whether there was an entry at the last mark."""
        return bool(self._cursors[-1])

    def since(self, mark: int) -> list[LogLine]:
        cursor = self._cursors[mark]
        found = entries_in(self._asked(f"--after-cursor={cursor}") if cursor else self._asked(f"--lines={_MOST}"))
        return [_line(entry, is_json=self._is_json) for entry in found if entry.get("MESSAGE")]

    def _asked(self, *more: str) -> bytes:
        """What journalctl says. Raises Inconclusive."""
        program = shutil.which(self._program)
        if program is None:
            raise Inconclusive(f"{self._program} is not installed here", supply="observers.logs.path, with an export")
        asked = [program, f"--unit={self._unit}", "--output=json", "--all", "--no-pager", "--quiet", *more]
        try:
            done = subprocess.run(asked, capture_output=True, timeout=_WITHIN_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Inconclusive(f"journalctl: {type(error).__name__}", supply="observers.logs.unit") from None
        if done.returncode != 0:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no words"]
            raise Inconclusive(f"journalctl fails: {told[0][:200]}", supply="observers.logs.unit")
        return done.stdout
