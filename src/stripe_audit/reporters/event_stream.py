"""What happens in a run, as it happens: one JSON object a line (NDJSON), schema ``stripe-audit-events/v1``.

Every line has ``schema``, ``seq`` (from 1, without gaps), ``at`` (Unix seconds) and ``event``; the rest are the members
of the engine's event of that name (``events.py``), and of ``report``, the last line of a run that has a report:

``run-started``      ``run`` (the tag), ``planned``, ``total``
``phase-started``    ``number``, ``title``
``check-began``      ``check``; in any order
``check-finished``   ``result``, as in the JSON report; in plan order
``phase-finished``   ``number``
``note-added``       ``text``
``run-finished``     ``interrupted``
``report``           ``headline``, ``verdict``, ``exit_code``, ``exit_reasons``, ``folder``

Within v1, members and kinds of events are only added.
"""

from __future__ import annotations

import dataclasses
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from stripe_audit.events import Event
from stripe_audit.report import Report
from stripe_audit.reporters.json_format import json_text, plain
from stripe_audit.reporters.review import review_of

__all__ = ["SCHEMA", "EventStream"]

SCHEMA = "stripe-audit-events/v1"
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class EventStream:
    """A listener that writes each event at once. Thread-safe.

    A reader that leaves and a disk that is full end the stream, not the run: ``trouble`` says why it ended.
    """

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self.trouble: str | None = None

    def __call__(self, event: Event) -> None:
        """Write an event of the engine's."""
        members = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
        self._write(_WORD.sub("-", type(event).__name__).lower(), members)

    def close(self, report: Report) -> None:
        """Write the last line."""
        review = review_of(report)
        members = {"headline": report.headline, "verdict": review.verdict, "exit_code": review.exit_code}
        self._write("report", members | {"exit_reasons": review.exit_reasons, "folder": report.run.folder})

    def _write(self, name: str, members: Mapping[str, Any]) -> None:
        with self._lock:
            if self.trouble is not None:
                return
            self._count += 1
            head = {"schema": SCHEMA, "seq": self._count, "at": round(self._clock(), 3), "event": name}
            try:
                self._file.write(json_text(plain({**head, **members}), indent=None))
                self._file.flush()
            except (OSError, ValueError) as error:  # ValueError: the file was closed
                self.trouble = getattr(error, "strerror", None) or str(error)
