"""Bodies of webhook events: as Stripe sends them, and the same event written in unusual but equal JSON.

Stripe delivers pretty-printed JSON (two spaces; docs.stripe.com/webhooks/signature shows it), so a handler that parses
and serialises again before it verifies breaks on any other spelling of the same value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["SPELLINGS", "body_of"]


def body_of(event: Mapping[str, Any]) -> bytes:
    """The event as Stripe writes it: UTF-8, indented by two spaces."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def _reordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _reordered(value[key]) for key in sorted(value, reverse=True)}
    return [_reordered(item) for item in value] if isinstance(value, list) else value


def _spaced(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, indent=5, separators=(" ,", "  :  ")).encode() + b"\n\n"


def _escaped(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=True).replace("/", r"\/").encode()


SPELLINGS: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    "compact": lambda event: json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode(),
    "oddly spaced, with a trailing newline": _spaced,
    "keys in another order": lambda event: json.dumps(_reordered(event), indent=2, ensure_ascii=False).encode(),
    "slashes and letters escaped": _escaped,
}
"""Ways to write the same event. Every one is valid JSON, and must be accepted when its signature is right."""
