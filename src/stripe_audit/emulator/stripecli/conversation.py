"""Events under way to a Stripe CLI, and its acknowledgements and the app's answers finding their way back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Conversation", "Conversations"]

MOST_KEPT = 2000
MOST_OPEN = 4000
"""Names that are remembered: an answer of the app may come long after the acknowledgement."""


class Conversation:
    """One event, sent to one CLI in one or more messages. ``attempt`` describes it, and is completed as news come."""

    def __init__(self, attempt: dict[str, Any]) -> None:
        self.attempt = attempt
        self._awaited: set[str] = set()
        self._acked = asyncio.Event()
        self._answered = asyncio.Event()

    @property
    def has_answer(self) -> bool:
        return self._answered.is_set()

    async def is_acknowledged(self, seconds: float) -> bool:
        """Wait for all acknowledgements; False if the connection ends, or after ``seconds``."""
        await _set_within(self._acked, seconds)
        return not self._awaited

    async def is_answered(self, seconds: float) -> bool:
        """Wait for the app's answer."""
        await _set_within(self._answered, seconds)
        return self._answered.is_set()

    def await_acknowledgements(self, names: Iterable[str]) -> None:
        """Messages with these names are about to leave; earlier ones no longer count."""
        self._awaited = set(names)
        self._acked.clear()

    def acknowledge(self, name: str) -> None:
        """The CLI has this message."""
        self._awaited.discard(name)
        if not self._awaited:
            self._acked.set()

    def interrupt(self) -> None:
        """The connection has ended: what is not acknowledged yet will not be."""
        self._acked.set()

    def answer(self, message: Mapping[str, Any]) -> None:
        """The app's answer, or one of several where the CLI forwards to several addresses: the worst one counts."""
        status = message.get("status")
        if isinstance(status, bool) or not isinstance(status, int):
            return
        told, text = self.attempt, str(message.get("body") or "")[:MOST_KEPT]
        forward = {"url": str(message.get("forward_url") or ""), "status": status, "response_body": text}
        told.setdefault("forwards", []).append(forward)
        is_good = 200 <= status < 300
        if is_good and told["status"] is not None:
            return
        told.update(status=status, response_body=text, is_success=is_good, error=None)
        if 300 <= status < 400:
            told["error"] = "redirects count as failures"
        self._answered.set()


class Conversations:
    """Those of one session, by the names that the CLI's messages carry."""

    def __init__(self) -> None:
        self._by_name: dict[str, deque[Conversation]] = {}

    def expect(self, conversation: Conversation, names: list[str]) -> None:
        """Messages with these names are about to leave."""
        conversation.await_acknowledgements(names)
        for name in names:
            self._by_name.setdefault(name, deque(maxlen=16)).append(conversation)
        while len(self._by_name) > MOST_OPEN:
            del self._by_name[next(iter(self._by_name))]

    def acknowledge(self, name: str) -> None:
        """The CLI has a message. Copies of one thin event share their name: the oldest open one is meant."""
        for conversation in self._by_name.get(name, ()):
            if name in conversation._awaited:
                conversation.acknowledge(name)
                return

    def answer(self, name: str, message: Mapping[str, Any]) -> None:
        """The app has answered a message."""
        found = self._by_name.get(name)
        if found:
            next((one for one in found if not one.has_answer), found[-1]).answer(message)

    def interrupt(self) -> None:
        """The connection has ended."""
        for found in self._by_name.values():
            for conversation in found:
                conversation.interrupt()


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
