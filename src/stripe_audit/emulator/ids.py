"""Object ids of the real ones' shape. From a seed they are reproducible; without one they cannot be guessed."""

from __future__ import annotations

import random
import secrets

from stripe_audit.keys import BASE62

__all__ = ["Ids"]

_SHORT = {"cus", "prod", "req", "flt"}
"""Prefixes whose ids have 14 characters; all others have 24."""
_POOL = 6000
"""Random bytes that are turned into letters at a time: one by one they would be the dearest part of a short call."""
_LETTERS = bytes(ord(BASE62[byte % 62]) for byte in range(256))
_SURPLUS = bytes(range(248, 256))
"""Bytes that would make the first letters likelier than the others."""


class Ids:
    """Makes ids: ``new("pi")`` is ``pi_3`` and 23 more characters, ``new("cus")`` is ``cus_`` and 14."""

    def __init__(self, seed: int | None) -> None:
        start = secrets.randbits(256) if seed is None else f"ids {seed}"
        # An unguessable start is enough: ids are names, and the client secret is drawn from the same long state.
        self._source = random.Random(start)  # noqa: S311
        self._pool = ""
        self._drawn = 0

    def text(self, length: int) -> str:
        """``length`` random characters of base 62; at most some thousand."""
        start, self._drawn = self._drawn, self._drawn + length
        if self._drawn > len(self._pool):
            self._pool = self._source.randbytes(_POOL).translate(_LETTERS, _SURPLUS).decode()
            start, self._drawn = 0, length
        return self._pool[start : start + length]

    def new(self, prefix: str) -> str:
        if prefix in _SHORT:
            return f"{prefix}_{self.text(14)}"
        return f"{prefix}_{3 if prefix in ('pi', 'ch', 're', 'evt', 'txn') else 1}{self.text(23)}"

    def client_secret(self, owner: str) -> str:
        """``<id>_secret_`` and 25 characters (docs.stripe.com/api/payment_intents/object#client_secret)."""
        return f"{owner}_secret_{self.text(25)}"
