"""The shop's structured log: one JSON object a line on stdout, never a secret."""

from __future__ import annotations

import json
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

__all__ = ["Journal", "request_id"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class Journal:
    """Writes log lines."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()

    def info(self, message: str, **fields: Any) -> None:
        """Something happened."""
        self._write("info", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Something odd happened."""
        self._write("warning", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        """Somebody should look."""
        self._write("error", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, Any]) -> None:
        line = {"time": datetime.now(UTC).isoformat(), "level": level, "message": message}
        if identity := request_id.get():
            line["request_id"] = identity
        with self._lock:
            self._stream.write(json.dumps({**line, **fields}) + "\n")
            self._stream.flush()
