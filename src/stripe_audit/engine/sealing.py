"""What leaves a check: findings, notes and errors become plain, redacted, inert values, whatever the check put there.

A check can build a ``Finding`` without the context's help, keep bytes in its evidence, or raise an error whose text
quotes an answer. Nothing after the engine looks at that again, so it is made safe here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from stripe_audit.check import Check
from stripe_audit.models import Evidence, Finding, Severity
from stripe_audit.redaction import Redactor, cut, inert

__all__ = ["Safe", "sealed", "without_context", "worded"]

Safe = Callable[[str], str]
"""Redacts a text and makes it inert; doing it twice changes nothing more."""

_TEXT_CAP = 10_000
_DEPTH_CAP = 20


def without_context(text: str) -> str:
    """Safe by shape only, for a check whose context could not be made."""
    return inert(Redactor().redact(text))


def sealed(yielded: object, check: type[Check], safe: Safe) -> Finding:
    """What a check yielded, stamped with its id and severity. Raises TypeError or ValueError for what is no finding."""
    if not isinstance(yielded, Finding):
        raise TypeError(f"a check yields findings, not {type(yielded).__name__}")
    return dataclasses.replace(
        yielded,
        title=safe(_text(yielded.title)),
        detail=safe(_text(yielded.detail)),
        evidence=tuple(_evidence(one, safe) for one in yielded.evidence),
        severity=Severity(yielded.severity or check.severity),
        route=None if yielded.route is None else safe(_text(yielded.route)),
        discriminator=safe(_text(yielded.discriminator)),
        fix=None if yielded.fix is None else safe(_text(yielded.fix)),
        check=check.id,
    )


def _text(value: object) -> str:
    return cut(str(value), _TEXT_CAP)


def _evidence(one: object, safe: Safe) -> Evidence:
    if not isinstance(one, Evidence):
        raise TypeError(f"evidence is made by ctx.evidence(), not {type(one).__name__}")
    data = None if one.data is None else _plain(one.data, safe, _DEPTH_CAP)
    return dataclasses.replace(one, summary=safe(_text(one.summary)), data=data)


def _plain(value: Any, safe: Safe, depth: int) -> Any:
    """A JSON-like value of a value of any kind."""
    if value is None or (isinstance(value, (bool, int)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {safe(_text(key)): _plain(item, safe, depth - 1) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple)):
        return [_plain(item, safe, depth - 1) for item in value]
    if isinstance(value, bytes):
        value = value[: _TEXT_CAP * 4].decode("utf-8", "replace")
    if isinstance(value, Enum) and isinstance(value.value, (str, int)):
        value = value.value
    return safe(_text(value if isinstance(value, (str, int, Decimal)) else repr(value)))


def worded(error: BaseException) -> str:
    """An exception's kind and text; an exception whose text cannot be made has its kind only."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {cut(text, _TEXT_CAP)}".removesuffix(": ")


def plain_texts(values: Iterable[object], safe: Safe) -> tuple[str, ...]:
    """Texts of whatever a check put into a list."""
    return tuple(safe(_text(value)) for value in tuple(values))
