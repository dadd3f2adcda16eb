"""Which log lines are about one payment: those that name it, and those of the same requests.

A line is of a request where it carries the request's id: a field such as ``request_id``, ``reqId``, ``req.id``,
``trace_id`` or ``correlation_id``, or the same written in text (``request_id=…``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from stripe_audit.observers.interface import LogLine

__all__ = ["about", "requests_of"]

_NAMES = ("requestid", "reqid", "xrequestid", "correlationid", "xcorrelationid", "traceid")
_PARENTS = ("request", "req", "trace", "correlation")
_IN_TEXT = re.compile(
    r"\b((?:x[-_])?(?:request|req|correlation|trace)[-_ ]?id)[\"']?\s*[=:]\s*[\"']?([A-Za-z0-9][\w.:/+-]*)",
    re.IGNORECASE,
)
_DEEPEST = 3


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _in_fields(fields: Mapping[str, Any], parent: str = "", depth: int = 0) -> Iterator[str]:
    for name, value in fields.items():
        bare = _bare(str(name))
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _in_fields(value, bare, depth + 1)
        elif (bare in _NAMES or (bare == "id" and parent in _PARENTS)) and _is_identity(value):
            yield str(value)


def _is_identity(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and bool(str(value))


def requests_of(line: LogLine) -> frozenset[str]:
    """The ids of the requests that a line carries."""
    if line.fields:
        return frozenset(_in_fields(line.fields))
    return frozenset(match[2] for match in _IN_TEXT.finditer(line.text))


def about(lines: Sequence[LogLine], names: Collection[str], requests: Collection[str] = ()) -> list[LogLine]:
    """The lines that hold one of the names, and those of the same requests, or of these; in their order.

    ``names`` are what a payment can be told by: order, PaymentIntent, charge.
    """
    named = [any(name in line.text for name in names) for line in lines]
    wanted = frozenset(requests).union(
        *(requests_of(line) for line, is_named in zip(lines, named, strict=True) if is_named)
    )
    return [
        line
        for line, is_named in zip(lines, named, strict=True)
        if is_named or not wanted.isdisjoint(requests_of(line))
    ]
