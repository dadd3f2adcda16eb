"""Log lines from a file that grows, is truncated, or is replaced; a launched process' output is such a file too."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.observers.interface import LogLine, LogObserver

__all__ = ["FileLog"]

_READ_CAP = 8 * 1024 * 1024
"""Bytes that are read after a mark; what follows them is not seen."""
_TRACE = 64
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4")
"""Old logs that are not read: one may have the inode of the file that was marked, and its lines are older anyway."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What tells that a file is still the one that was marked: its inode, and the bytes before the mark."""

    inode: int
    before: bytes


class FileLog(LogObserver):
    """Positions are byte offsets.

    After a rotation the end of the old file (where it still lies in the folder, by another name or as a copy) and all
    of the new one are new; after a truncation everything is.
    """

    def __init__(self, path: Path, *, is_json: bool) -> None:
        self._path = path
        self._is_json = is_json
        self._places: dict[int, _Place] = {}

    def mark(self) -> int:
        try:
            about = self._path.stat()
            if not stat.S_ISREG(about.st_mode):
                return 0
            begin = max(0, about.st_size - _TRACE)
            self._places[about.st_size] = _Place(about.st_ino, _read(self._path, begin, about.st_size - begin))
            return about.st_size
        except OSError:
            return 0

    def since(self, mark: int) -> list[LogLine]:
        data = self._since(mark).decode("utf-8", "replace")
        return [self._line(line) for line in data.split("\n") if line.strip()]

    def _since(self, mark: int) -> bytes:
        place = self._places.get(mark)
        try:
            about = self._path.stat()
            if stat.S_ISREG(about.st_mode) and self._goes_on(place, mark, about.st_ino, about.st_size):
                return _read(self._path, mark, _READ_CAP)
            whole = _read(self._path, 0, _READ_CAP) if stat.S_ISREG(about.st_mode) else b""
        except OSError:
            whole = b""
        return (self._rotated(place, mark) + whole)[:_READ_CAP]

    def _goes_on(self, place: _Place | None, mark: int, inode: int, size: int) -> bool:
        """Whether the file is the marked one, or a copy of it, grown."""
        if place is None or mark > size:
            return mark <= size
        if not place.before:
            return inode == place.inode
        return _read(self._path, mark - len(place.before), len(place.before)) == place.before

    def _rotated(self, place: _Place | None, mark: int) -> bytes:
        """What was still written to the file after the mark, under the name that it has now."""
        if place is None:
            return b""
        others = [one for one in self._path.parent.glob(f"{self._path.stem}*") if one.suffix not in _COMPRESSED]
        for other in sorted(others, key=lambda one: (_inode(one) != place.inode, one.name)):
            try:
                if other != self._path and self._was_marked(other, place, mark):
                    return _read(other, mark, _READ_CAP)
            except OSError:
                continue
        return b""

    def _was_marked(self, other: Path, place: _Place, mark: int) -> bool:
        """Whether it is the marked file under another name, or the copy that was made before it was truncated."""
        about = other.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size < mark:
            return False
        if not place.before:
            return about.st_ino == place.inode
        return _read(other, mark - len(place.before), len(place.before)) == place.before

    def _line(self, text: str) -> LogLine:
        text = text.removesuffix("\r")
        if self._is_json and text.lstrip().startswith("{"):
            try:
                fields = json.loads(text)
            except (ValueError, RecursionError):
                return LogLine(text)
            return LogLine(text, fields if isinstance(fields, dict) else None)
        return LogLine(text)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _read(path: Path, begin: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(size)
