"""Log lines from a file that grows, is truncated, or is replaced; a launched process' output is such a file too."""

from __future__ import annotations

import json
from pathlib import Path

from stripe_audit.observers.interface import LogLine, LogObserver

__all__ = ["FileLog"]

_READ_CAP = 8 * 1024 * 1024


class FileLog(LogObserver):
    """Positions are byte offsets. After a rotation (the file is shorter than the mark) everything in it is new."""

    def __init__(self, path: Path, *, is_json: bool) -> None:
        self._path = path
        self._is_json = is_json

    def mark(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def since(self, mark: int) -> list[LogLine]:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(mark if mark <= size else 0)
                data = file.read(_READ_CAP)
        except OSError:
            return []
        return [self._line(line) for line in data.decode("utf-8", "replace").splitlines() if line.strip()]

    def _line(self, text: str) -> LogLine:
        if self._is_json and text.lstrip().startswith("{"):
            try:
                fields = json.loads(text)
            except ValueError:
                return LogLine(text)
            return LogLine(text, fields if isinstance(fields, dict) else None)
        return LogLine(text)
