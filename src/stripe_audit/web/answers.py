"""What an answer is, whatever its status: a web page, a CSRF check, a health route that complains. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["asks_for_csrf_token", "complaints", "is_page"]

_SICK = frozenset(
    ("error", "err", "down", "fail", "failed", "failing", "failure", "unhealthy", "unavailable", "critical", "fatal")
)
"""What health routes say of what is broken; ``degraded`` and ``warn`` still answer."""
_WELL = frozenset(("ok", "healthy", "success", "up", "alive", "ready"))
_DEEPEST = 4
_LONGEST_LIST = 50


def is_page(content_type: str | None, text: str) -> bool:
    """Whether an answer is a web page, by its header or by how it begins."""
    return "html" in (content_type or "") or text.lstrip()[:9].lower().startswith(("<!doctype", "<html"))


def asks_for_csrf_token(status: int, text: str) -> bool:
    """Whether it is what frameworks answer to a form without a token: Laravel 419, Django 403, Rails 422."""
    asks = "csrf" in text.lower() or "authenticitytoken" in text.lower().replace("_", "")
    return status == 419 or (status in (400, 403, 422) and asks)


def complaints(text: str) -> list[str]:
    """What a body says is broken, as ``path: value``: members like ``status: down`` or ``ok: false``, or one word."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = {"body": text.strip()[:40]}
    return list(_complaints(value, "", 0))


def _complaints(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth == _DEEPEST:
        return
    if isinstance(value, dict):
        members = [(f"{path}.{key}" if path else str(key), str(key), member) for key, member in value.items()]
    elif isinstance(value, list):
        members = [(f"{path}[{index}]", "", member) for index, member in enumerate(value[:_LONGEST_LIST])]
    else:
        members = []
    for place, key, member in members:
        is_denied = key.lower() in _WELL and member is False
        if is_denied or (isinstance(member, str) and member.strip().lower() in _SICK):
            yield f"{place}: {str(member).strip().lower()}"
        yield from _complaints(member, place, depth + 1)
