"""Webhook endpoints as Stripe's account has them, against the routes that the target has. Pure.

Shape: docs.stripe.com/api/webhook_endpoints. ``application`` is set for endpoints that hear of connected accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Registered", "doubled", "endpoints_at", "is_out_of_reach", "nearly_at", "registered", "train_of"]

_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Registered:
    """An endpoint of the account. ``api_version`` is None where it follows the account's default."""

    id: str
    url: str
    events: tuple[str, ...]
    is_enabled: bool
    is_live: bool
    api_version: str | None
    is_for_connected: bool

    @property
    def hears_all(self) -> bool:
        """Whether it is subscribed to every type of event."""
        return "*" in self.events


def registered(found: Mapping[str, Any]) -> Registered:
    """From Stripe's object."""
    return Registered(
        id=str(found["id"]),
        url=str(found["url"]),
        events=tuple(map(str, found.get("enabled_events") or ())),
        is_enabled=found.get("status") != "disabled",
        is_live=bool(found.get("livemode")),
        api_version=found.get("api_version"),
        is_for_connected=bool(found.get("application")),
    )


def _place(url: str) -> tuple[str, str, int | None, str, str]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port, parts.path, parts.query


def is_out_of_reach(url: str, known: Iterable[Registered]) -> bool:
    """Whether it is a place on this machine, and no endpoint is: Stripe cannot deliver there, and need not be told."""
    return _place(url)[1] in _LOCAL and not any(_place(one.url)[1] in _LOCAL for one in known)


def endpoints_at(url: str, known: Iterable[Registered]) -> list[Registered]:
    """The endpoints of just this URL; for a target on this machine, those of just its path, wherever they lead."""
    scheme, host, port, path, query = _place(url)
    is_local = host in _LOCAL
    found = []
    for one in known:
        place = _place(one.url)
        is_elsewhere = is_local and place[1] not in _LOCAL
        if place == (scheme, host, port, path, query) or (is_elsewhere and place[3:] == (path, query)):
            found.append(one)
    return found


def nearly_at(url: str, known: Iterable[Registered]) -> tuple[Registered, str] | None:
    """The first endpoint whose URL is nearly this one, and in what it differs."""
    scheme, host, port, path, _ = _place(url)
    for one in known:
        other_scheme, other_host, other_port, other_path, _ = _place(one.url)
        is_same_host = other_host.removeprefix("www.") == host.removeprefix("www.")
        if is_same_host and other_path == path:
            differs = "host" if other_host != host else "scheme" if other_scheme != scheme else "port"
            return one, f"the {differs}"
        if is_same_host and other_path.rstrip("/") == path.rstrip("/") and other_port == port:
            return one, "the slash at its end"
        if is_same_host and other_path.lower() == path.lower():
            return one, "capital letters"
    return None


def doubled(known: Sequence[Registered]) -> list[tuple[Registered, Registered, tuple[str, ...]]]:
    """Pairs of endpoints that are told of the same event at the same place, and of which types.

    One for the account and one for connected accounts hear of different events.
    """
    active = [one for one in known if one.is_enabled]
    found = []
    for index, one in enumerate(active):
        for other in active[index + 1 :]:
            is_same = _place(one.url) == _place(other.url) and one.is_for_connected == other.is_for_connected
            if is_same and (shared := _shared(one, other)):
                found.append((one, other, shared))
    return found


def _shared(one: Registered, other: Registered) -> tuple[str, ...]:
    if one.hears_all or other.hears_all:
        return other.events if one.hears_all else one.events
    return tuple(kind for kind in one.events if kind in other.events)


def train_of(version: str) -> str:
    """The release train of an API version (``endive``); a version from before there were trains stands alone."""
    return version.partition(".")[2] or version
