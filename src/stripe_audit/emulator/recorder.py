"""Writes every exchange into a file as it happens: calls with their answers, and webhook events with theirs."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stripe_audit.redaction import Redactor

if TYPE_CHECKING:
    from stripe_audit.emulator.journal import Entry
    from stripe_audit.emulator.store import Obj

__all__ = ["Recorder"]

LONGEST_BODY = 256 * 1024
"""Bytes of one answer that are written out; of a longer one only the length is."""
LONGEST_VALUE = 4096
"""Characters of one text in the parameters."""
_SENSITIVE = {"cvc", "account_number", "iban", "secret", "authentication_token"}
"""Members whose values have no shape that would give them away. Keys, client secrets and card numbers have one."""


class Recorder:
    """One JSON object per line, without secrets, appended at once: what happened before a kill is in the file.

    At ``limit`` bytes the file becomes ``FILE.1``, in place of an older one, and a new one begins: the newest exchanges
    are always there, in at most twice the limit. Where the disk is full, recording ends and ``problem`` says so; calls
    are answered as before.
    """

    def __init__(self, path: Path, limit: int) -> None:
        """Raises OSError if the file cannot be opened for appending."""
        self.path = path
        self.problem: str | None = None
        self.lines = 0
        self._limit = limit
        self._redactor = Redactor()
        self._file = -1
        self._open()

    def as_json(self) -> dict[str, Any]:
        return {"file": str(self.path), "lines": self.lines, "bytes": self._size, "problem": self.problem}

    def call(self, entry: Entry, body: bytes) -> None:
        """A call to the API and its answer; ``status`` 0 where none was given."""
        told = {"kind": "call", **entry.as_json(), "params": _shortened(entry.params), "answer": _read(body)}
        self._write({name: value for name, value in told.items() if name not in ("headers", "error")})

    def delivery(self, event: Obj, endpoint: Obj, attempt: Mapping[str, Any]) -> None:
        """An attempt to deliver a webhook event."""
        self._write({"kind": "delivery", **attempt, "url": endpoint["url"], "sent": event})

    def close(self) -> None:
        """Nothing is lost without it: every line is in the file already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        # No buffer of our own, and each line in one write: the system has it even if this process is killed.
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size

    def _write(self, exchange: Mapping[str, Any]) -> None:
        if self._file < 0:
            return
        safe = self._redactor.redact_value(_hidden(exchange))
        line = json.dumps(safe).encode() + b"\n"  # all of it ASCII: some readers end a line at U+2028
        try:
            if self._size and self._size + len(line) > self._limit:
                self._begin_anew()
            written = os.write(self._file, line)
            if written < len(line):
                os.write(self._file, line[written:])
        except OSError as error:
            self.problem = error.strerror or str(error)
            with contextlib.suppress(OSError):
                self.close()
            return
        self._size += len(line)
        self.lines += 1

    def _begin_anew(self) -> None:
        self.close()
        self.path.replace(f"{self.path}.1")
        self._open()


def _read(body: bytes) -> Any:
    if len(body) > LONGEST_BODY:
        return f"{len(body)} bytes"
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: "[hidden]" if name in _SENSITIVE and isinstance(item, str) else _hidden(item)
            for name, item in value.items()
        }
    return [_hidden(item) for item in value] if isinstance(value, list) else value


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name[:LONGEST_VALUE]: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f"{value[:LONGEST_VALUE]}… ({len(value)} characters)"
    return value
