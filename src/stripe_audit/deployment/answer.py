"""What a target answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``headers`` in order with repeats; ``body`` decompressed and capped; ``exchange`` its id."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    elapsed_ms: float
    exchange: str
    truncated: bool = False

    @property
    def text(self) -> str:
        """The body as text, with replacement characters where it is not UTF-8."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError if it is none, or nested too deeply to be meant."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None

    def header(self, name: str) -> str | None:
        """A header's first value, or None."""
        return next(iter(self.headers_of(name)), None)

    def headers_of(self, name: str) -> tuple[str, ...]:
        """All values of a header."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """3xx with a Location."""
        return 300 <= self.status < 400 and self.header("location") is not None
