"""Bodies that are no webhook event, or one in a wrapping in which Stripe sends none.

They come with a right signature from a bug at the sender or from whoever has the secret; unsigned, from anybody.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from stripe_audit.webhooks.forgeries import genuine_header

__all__ = ["MALFORMED", "Malformed", "UNSIGNED_AND_HUGE", "UNSIGNED_BOMB"]

_HUGE = 2 * 1024 * 1024
_BOMB = 8 * 1024 * 1024
_EVENT = {"id": "evt_malformed", "object": "event", "livemode": False, "type": "stripe_audit.malformed"}
_WHOLE = json.dumps({**_EVENT, "data": {"object": {}}}).encode()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A body with the headers that describe it. ``is_signed``: it has a right signature, over just these bytes."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_signed: bool = True

    def sent(self, secret: str, now: int) -> dict[str, str]:
        """The headers to send, at a time in Unix seconds."""
        return {**self.headers, **(genuine_header(self.body, secret, now) if self.is_signed else {})}


def _json(value: object) -> Malformed:
    return Malformed(json.dumps(value).encode())


UNSIGNED_AND_HUGE = f"an unsigned body of {_HUGE // 1024**2} MB"
UNSIGNED_BOMB = f"unsigned gzip that holds {_BOMB // 1024**2} MB"
MALFORMED: dict[str, Malformed] = {
    "text that is no JSON": Malformed(b"this is not json"),
    "JSON that is cut off": Malformed(b'{"id": "evt_malformed", "object": "event", "type": '),
    "a JSON array": _json([{"id": "evt_malformed"}]),
    "a JSON text": _json("payment_intent.succeeded"),
    "null": Malformed(b"null"),
    "an object without members": Malformed(b"{}"),
    "an event without a type": _json({**_EVENT, "type": None, "data": {"object": {}}}),
    "an event without data": _json({**_EVENT, "type": "payment_intent.succeeded"}),
    "an event as text/plain": Malformed(_WHOLE, {"content-type": "text/plain"}),
    "an event as a form": Malformed(_WHOLE, {"content-type": "application/x-www-form-urlencoded"}),
    "an event in gzip": Malformed(gzip.compress(_WHOLE, mtime=0), {"content-encoding": "gzip"}),
    UNSIGNED_AND_HUGE: Malformed(json.dumps({**_EVENT, "padding": "x" * _HUGE}).encode(), is_signed=False),
    UNSIGNED_BOMB: Malformed(gzip.compress(bytes(_BOMB), mtime=0), {"content-encoding": "gzip"}, is_signed=False),
}
