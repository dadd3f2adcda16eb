"""One JSON object a line."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")


class Lines(logging.Formatter):
    """Level, message and fields, with the request's id; an error with its stack."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "message": record.getMessage(), **getattr(record, "fields", {})}
        if request_id.get():
            line["request_id"] = request_id.get()
        if record.exc_info:
            line |= {"error": type(record.exc_info[1]).__name__, "stack": self.formatException(record.exc_info)}
        return json.dumps(line)
