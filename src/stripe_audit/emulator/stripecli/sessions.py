"""The sessions of all Stripe CLIs: who listens, for what, and the secret that they were told."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.stripecli.session import FEATURES, Session

if TYPE_CHECKING:
    from stripe_audit.emulator.journal import Entry
    from stripe_audit.emulator.rendering import Renderer

__all__ = ["PATH", "Sessions", "key_id", "secret_of"]

PATH = "/_stripecli/subscribe"
"""Where the WebSockets are."""

MOST = 200
"""Sessions that are remembered; a CLI whose session was forgotten is taken back by its id."""
_IDENTITY = re.compile(r"cliws_([0-9a-f]{32})_[0-9a-f]{32}")


def key_id(key: str) -> str:
    """A name for an API key that tells nothing about it: what a session's id carries instead of the key."""
    return hashlib.sha256(f"stripe-audit key {key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def secret_of(key: str) -> str:
    """The signing secret that every CLI with this key (its ``key_id``) gets: the same in every run."""
    return f"whsec_{hashlib.sha256(f'stripe-audit cli {key}'.encode()).hexdigest()}"


class Sessions:
    """All sessions of one emulator. They outlive a reset, as the CLIs at their other end do."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._known: dict[str, Session] = {}

    def open(self, key: str, features: Iterable[str], urls: Mapping[str, str], filters: Mapping[str, Any]) -> Session:
        """A new session for a key, named by its ``key_id``."""
        identity = f"cliws_{key}_{secrets.token_hex(16)}"
        return self._keep(Session(identity, secret_of(key), self._renderer, features, urls, filters))

    def adopt(self, identity: str, features: str) -> Session | None:
        """The session of this id, also where another process opened it; None for an id that none can have.

        ``features``, separated by commas, come from the address that the CLI was given.
        """
        known = self._known.get(identity)
        if known is not None:
            return known
        match = _IDENTITY.fullmatch(identity)
        asked = [name for name in features.split(",") if name in FEATURES]
        if match is None or not asked:
            return None
        # A restarted emulator does not know where the CLI forwards to; whether it does, its answers will show.
        return self._keep(Session(identity, secret_of(match[1]), self._renderer, asked, {}, {}))

    def _keep(self, session: Session) -> Session:
        for old in list(self._known.values()):
            if len(self._known) < MOST:
                break
            if not old.is_live:
                del self._known[old.id]
        self._known[session.id] = session
        return session

    def listeners(self) -> list[Obj]:
        """What webhook events are offered to, as if each live session were a webhook endpoint."""
        return [endpoint for session in self._known.values() if session.is_live for endpoint in session.endpoints]

    def carrier(self, endpoint: str) -> Session | None:
        """The session behind one of these listeners."""
        for session in self._known.values():
            if any(one["id"] == endpoint for one in session.endpoints):
                return session
        return None

    def note(self, entry: Entry) -> None:
        """Show a call to every ``stripe logs tail`` whose filters let it pass."""
        for session in self._known.values():
            if session.is_live:
                session.show(entry)

    def described(self) -> list[dict[str, Any]]:
        """All sessions, for the control API."""
        return [session.as_json() for session in self._known.values()]

    def forget(self) -> int:
        """Drop the sessions that have no connection. Returns how many there were."""
        gone = [session for session in self._known.values() if not session.is_connected]
        for session in gone:
            session.give_up()
            del self._known[session.id]
        return len(gone)

    async def close(self) -> None:
        """Close all connections, as a server does that goes away."""
        for session in list(self._known.values()):
            await session.close()
