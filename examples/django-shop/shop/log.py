"""One JSON object a line."""

from __future__ import annotations

import json
import logging


class Lines(logging.Formatter):
    """Level, message and fields; of an exception its type alone."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        error = {"error": type(record.exc_info[1]).__name__} if record.exc_info else {}
        return json.dumps({"level": record.levelname.lower(), "message": record.getMessage(), **fields, **error})
