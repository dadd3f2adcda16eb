"""Lists of the v2 API: pages with the addresses of their neighbours (docs.stripe.com/api-v2-overview, "Pagination")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["page_of"]

DEFAULT_LIMIT, MOST = 20, 100
_TOKEN = re.compile(r"page_([0-9]{1,9})")


def page_of(call: Call, found: Sequence[Any]) -> Obj:
    """One page of all that was found. Raises ApiError 400 for a limit outside 1–100 or a page that is none."""
    limit = call.params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MOST:
        raise invalid(f"limit must lie between 1 and {MOST}.", "limit")
    start = _start(call.params.get("page"))
    return {
        "data": list(found[start : start + limit]),
        "next_page_url": _address(call, start + limit) if start + limit < len(found) else None,
        "previous_page_url": _address(call, max(0, start - limit)) if start else None,
    }


def _start(token: str | None) -> int:
    if token is None:
        return 0
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise invalid("Invalid page token.", "page")
    return int(match[1])


def _address(call: Call, start: int) -> str:
    """The same question, on another page."""
    pairs: list[tuple[str, str]] = []
    for name, value in {**call.params, "page": f"page_{start}"}.items():
        if isinstance(value, list):
            pairs += [(f"{name}[{index}]", str(item)) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            pairs += [(f"{name}[{key}]", str(item)) for key, item in value.items()]
        else:
            pairs.append((name, str(value)))
    return f"{call.path}?{urlencode(pairs)}"
