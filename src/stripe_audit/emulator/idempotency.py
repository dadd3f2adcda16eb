"""Idempotency keys (docs.stripe.com/api/idempotent_requests): the first answer is kept and given again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from stripe_audit.emulator.clock import Clock
from stripe_audit.emulator.errors import ApiError, invalid

__all__ = ["SavedAnswer", "SavedAnswers"]

LONGEST_KEY = 255
KEPT_SECONDS = 24 * 3600
KEPT_SECONDS_V2 = 30 * 24 * 3600
"""docs.stripe.com/api-v2-overview#idempotency: 30 days, and what failed is done again instead of told again."""


@dataclass(slots=True)
class SavedAnswer:
    """What a key stands for. ``body`` is None while the first request is under way."""

    fingerprint: str
    at: float
    path: str
    status: int = 0
    body: bytes | None = None
    object: str | None = None
    request_id: str | None = None

    def is_expired(self, now: float) -> bool:
        """Whether the key may be used anew."""
        return now - self.at > (KEPT_SECONDS_V2 if self.path.startswith("/v2/") else KEPT_SECONDS)


class SavedAnswers:
    """Answers by account, endpoint and key."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._saved: dict[tuple[str, str], SavedAnswer] = {}
        self._by_age: deque[tuple[tuple[str, str], SavedAnswer]] = deque()
        """Oldest first; some were given back or took another's place since."""
        self.dropped = 0
        """Answers that were forgotten before their day was over, as there were too many."""

    def __len__(self) -> int:
        return len(self._saved)

    def claim(self, scope: str, key: str, path: str, fingerprint: str) -> SavedAnswer | None:
        """The saved answer of this key; None if the caller is the first, and now holds the key.

        Raises ApiError: 400 ``idempotency_error`` for other parameters, 409 while the first request is under way.
        """
        if len(key) > LONGEST_KEY:
            raise invalid(f"Idempotency key is too long: at most {LONGEST_KEY} characters", "Idempotency-Key")
        known = self._saved.get((scope, key))
        now = self._clock.now()
        if known is None or known.is_expired(now):
            fresh = self._saved[scope, key] = SavedAnswer(fingerprint, now, path)
            self._by_age.append(((scope, key), fresh))
            self._make_room(now)
            return None
        if known.path != path:
            raise _conflict(
                f"Keys for idempotent requests can only be used for the same endpoint they were first used "
                f"for ('{path}' vs '{known.path}'). Try using a key other than '{key}' if you meant to "
                "execute a different request."
            )
        if known.fingerprint != fingerprint:
            raise _conflict(
                "Keys for idempotent requests can only be used with the same parameters they were first "
                f"used with. Try using a key other than '{key}' if you meant to execute a different "
                "request."
            )
        if known.body is None:
            raise ApiError(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                "submitted twice, and the other request is still going through). Please try again later.",
                status=409,
                type="idempotency_error",
                code="idempotency_key_in_use",
            )
        return known

    def keep(self, scope: str, key: str, answer: Any, body: bytes) -> None:
        """Save the answer of a request that began its work."""
        saved = self._saved.get((scope, key))
        if saved is not None:
            saved.status, saved.body = answer.status, body
            saved.object, saved.request_id = answer.object, answer.request_id

    def _make_room(self, now: float) -> None:
        """Forget what has expired, and the oldest answer where there are too many."""
        while self._by_age[0][1].is_expired(now) or len(self._by_age) > self._most:
            name, oldest = self._by_age.popleft()
            if self._saved.get(name) is not oldest:
                continue
            if oldest.body is None and not oldest.is_expired(now) and len(self._by_age) < 2 * self._most:
                self._by_age.append((name, oldest))  # under way: whoever asks again must meet it
                break
            del self._saved[name]
            self.dropped += not oldest.is_expired(now)

    def forget_unfinished(self) -> None:
        """Give back the keys of requests that will not end: they belong to a state that is gone."""
        self._saved = {name: saved for name, saved in self._saved.items() if saved.body is not None}

    def release(self, scope: str, key: str) -> None:
        """Give a key back: its request was refused before any work."""
        saved = self._saved.get((scope, key))
        if saved is not None and saved.body is None:
            del self._saved[scope, key]
            if self._by_age[-1][1] is saved:
                self._by_age.pop()


def _conflict(message: str) -> ApiError:
    return ApiError(message, status=400, type="idempotency_error")
