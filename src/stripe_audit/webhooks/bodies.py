"""Bodies of webhook events: as Stripe sends them, and the same event written in unusual but equal JSON.

Stripe delivers pretty-printed JSON (two spaces; docs.stripe.com/webhooks/signature shows it), so a handler that parses
and serialises again before it verifies breaks on any other spelling of the same value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["SPELLINGS", "body_of", "is_thin", "thin_event"]


def body_of(event: Mapping[str, Any]) -> bytes:
    """The event as Stripe writes it: UTF-8, indented by two spaces."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def is_thin(event_type: str) -> bool:
    """Whether events of a type come without their object (docs.stripe.com/event-destinations)."""
    return event_type.startswith(("v1.", "v2."))


def thin_event(event_type: str, tag: str) -> dict[str, Any]:
    """A made-up notification of a thin type, in the shape that ``parse_event_notification`` takes."""
    kind = event_type.split(".", 1)[1].rpartition(".")[0] or "event"
    related = {"id": f"{tag}_thin", "type": kind, "url": f"/{event_type[:2]}/{kind.replace('.', '/')}/{tag}_thin"}
    return {
        "id": f"evt_test_{tag}",
        "object": "v2.core.event",
        "type": event_type,
        "livemode": False,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "context": None,
        "reason": None,
        "related_object": related,
    }


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
