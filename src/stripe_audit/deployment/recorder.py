"""Where exchanges go: redacted, made inert, capped, and streamed to the run's folder before anyone reads them."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from stripe_audit.models import Exchange, Message, Party
from stripe_audit.redaction import Redactor, inert

__all__ = ["BODY_CAP", "Recorder"]

BODY_CAP = 16 * 1024
"""Characters of a body that are kept as evidence."""
_LOOKED_AT = 4 * BODY_CAP
"""Bytes of a body that are redacted; ``_MARGIN`` characters at the end of a longer one may be half a secret."""
_MARGIN = 4096
_HEADER_CAP = 4096
_HEADERS_CAP = 200


class Recorder:
    """Numbers and stores exchanges. Thread-safe; memory holds an offset per exchange, not its text.

    If the file cannot be written (a full disk), recording goes on in memory and ``trouble`` says so in words; what was
    written until then stays whole lines.
    """

    def __init__(self, folder: Path | None, redactor: Redactor) -> None:
        self._redactor = redactor
        self._lock = threading.Lock()
        self._count = 0
        self._offsets: dict[str, int] = {}
        self._kept: dict[str, Exchange] = {}
        self.trouble: str | None = None
        self._path = folder / "exchanges.ndjson" if folder else None
        self._file: BinaryIO | None = None
        if self._path:
            try:
                self._file = self._path.open("w+b", buffering=0)
            except OSError as error:
                self.trouble = f"exchanges are not kept: {self._path} cannot be written ({error.strerror})"

    def record(
        self,
        *,
        source: Party,
        destination: Party,
        method: str,
        url: str,
        request_headers: Iterable[tuple[str, str]],
        request_body: bytes,
        status: int | None,
        response_headers: Iterable[tuple[str, str]] = (),
        response_body: bytes = b"",
        truncated: bool = False,
        error: str | None = None,
        duration_ms: float = 0.0,
        check: str | None = None,
        route: str | None = None,
        fault: str | None = None,
        duplicate: bool = False,
        started_at: float | None = None,
    ) -> str:
        """Store one exchange and return its id. Without ``started_at`` it has ended just now."""
        with self._lock:
            self._count += 1
            identity = f"x{self._count}"
        exchange = Exchange(
            id=identity,
            source=source,
            destination=destination,
            method=method,
            url=self.safe(url),
            request=self._message(request_headers, request_body, False),
            response=None if status is None else self._message(response_headers, response_body, truncated),
            status=status,
            error=error and self.safe(error),
            started_at=time.time() - duration_ms / 1000 if started_at is None else started_at,
            duration_ms=round(duration_ms, 1),
            check=check,
            route=route,
            fault=fault,
            duplicate=duplicate,
        )
        self._store(exchange)
        return identity

    def safe(self, text: str) -> str:
        """The text as it may be stored: redacted and inert."""
        return inert(self._redactor.redact(text))

    def _message(self, headers: Iterable[tuple[str, str]], body: bytes, truncated: bool) -> Message:
        pairs = self._redactor.redact_headers(list(headers)[:_HEADERS_CAP])
        safe = [(inert(name, _HEADER_CAP), inert(value, _HEADER_CAP)) for name, value in pairs]
        text = self.safe(body[:_LOOKED_AT].decode("utf-8", "replace"))
        if len(body) > _LOOKED_AT:
            text = text[:-_MARGIN]
        is_cut = truncated or len(body) > _LOOKED_AT or len(text) > BODY_CAP
        return Message(tuple(safe), text[:BODY_CAP], is_cut)

    def _store(self, exchange: Exchange) -> None:
        with self._lock:
            if self._file is None:
                self._kept[exchange.id] = exchange
                return
            line = json.dumps(_entry(exchange), ensure_ascii=False).encode("utf-8", "backslashreplace")
            try:
                offset = self._file.seek(0, 2)
                self._write(line + b"\n", offset)
                self._offsets[exchange.id] = offset
            except OSError as error:
                self.trouble = f"exchanges are no longer kept: {self._path}: {error.strerror or error}"
                self._kept[exchange.id] = exchange
                with contextlib.suppress(OSError):
                    self._file.close()
                self._file = None

    def _write(self, line: bytes, offset: int) -> None:
        """All of the line or, where the disk is full in the middle of it, nothing. Raises OSError."""
        assert self._file
        written = 0
        try:
            while written < len(line):
                count = self._file.write(line[written:])
                if not count:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                written += count
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(offset)
            raise

    def get(self, identity: str) -> Exchange | None:
        """A stored exchange, or None where there is none, or its file was taken away (``trouble`` says so)."""
        with self._lock:
            if identity in self._kept:
                return self._kept[identity]
            offset = self._offsets.get(identity)
            if offset is None or self._path is None:
                return None
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                return exchange_from(json.loads(file.readline()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.trouble = f"exchange {identity} cannot be read again: {self._path}: {error}"
            return None

    def close(self) -> None:
        """Close the file. Reading stays possible."""
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None


def _entry(exchange: Exchange) -> dict[str, Any]:
    """An exchange in its JSON form; ``dataclasses.asdict`` copies all of it, which takes a third of the recording."""
    entry = {name: getattr(exchange, name) for name in _FIELDS}
    request, response = exchange.request, exchange.response
    return {**entry, "request": _message_entry(request), "response": response and _message_entry(response)}


_FIELDS = tuple(field.name for field in dataclasses.fields(Exchange))


def _message_entry(message: Message) -> dict[str, Any]:
    return {"headers": message.headers, "body": message.body, "truncated": message.truncated}


def exchange_from(entry: Mapping[str, Any]) -> Exchange:
    """An exchange from its JSON form. Raises KeyError, TypeError or ValueError where the form is another."""
    return Exchange(
        **{
            **entry,
            "source": Party(entry["source"]),
            "destination": Party(entry["destination"]),
            "request": _message_from(entry["request"]),
            "response": entry["response"] and _message_from(entry["response"]),
        }
    )


def _message_from(entry: Mapping[str, Any]) -> Message:
    pairs = tuple((str(name), str(value)) for name, value in entry["headers"])
    return Message(pairs, str(entry["body"]), bool(entry["truncated"]))
