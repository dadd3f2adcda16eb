"""``--events``: where the stream of events goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stripe_audit.errors import UsageError

if TYPE_CHECKING:
    from stripe_audit.reporters.event_stream import EventStream

__all__ = ["STDOUT", "events_to"]

STDOUT = "-"


@contextmanager
def events_to(place: str | None) -> Iterator[EventStream | None]:
    """A stream to a file, or with ``-`` to standard output, while this lasts. Raises UsageError where there is none."""
    if place is None:
        yield None
        return
    from stripe_audit.reporters.event_stream import EventStream

    if place == STDOUT:
        stream = EventStream(sys.stdout)
        yield stream
        if stream.trouble:  # whoever read it has left; nothing else may be written there
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        file = open(place, "w", encoding="utf-8", newline="\n")  # noqa: SIM115, PTH123 - closed below; may be a pipe
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"--events {place} cannot be written: {reason}", hint="name a file in a folder that is there"
        ) from None
    stream = EventStream(file)
    try:
        yield stream
    finally:
        try:
            file.close()
        except OSError as error:
            stream.trouble = stream.trouble or error.strerror
        if stream.trouble:
            sys.stderr.write(f"warning: --events {place} is not whole: {stream.trouble}\n")
