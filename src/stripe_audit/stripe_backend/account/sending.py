"""Webhook events of a real account, read from ``/v1/events`` and delivered to the target by the audit."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from stripe_audit import signatures
from stripe_audit.stripe_backend.interface import Attempt, Delivery

__all__ = ["Endpoint", "Queue", "is_about"]

_POLL_S = 0.5
_HEARD_POLL_S = 5.0
"""For what a listener has missed."""
_FRESH_S = 60
_RETRIES_S = (0.5, 1.0, 2.0)
"""Waits before a refused event is sent again: Stripe's own schedule of days, compressed."""
_WITHIN_S = 10.0
_BODY_CAP = 64 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of the target's webhook endpoints. No ``events`` means all."""

    url: str
    secret: str = field(repr=False)
    events: tuple[str, ...] = ()

    def takes(self, event_type: str) -> bool:
        """Whether it is subscribed to a type."""
        return not self.events or "*" in self.events or event_type in self.events


@dataclass(slots=True)
class _Sending:
    endpoint: Endpoint
    event: Mapping[str, Any]
    state: str = "pending"
    as_heard: tuple[bytes, str] | None = None
    """Body and signature as the CLI sent them, for an endpoint with the CLI's secret."""
    attempts: list[Attempt] = field(default_factory=list)
    due: float = 0.0

    def told(self, object: str) -> Delivery:
        event, endpoint = self.event, self.endpoint
        return Delivery(
            event["id"], event["type"], object, endpoint.url, endpoint.url, self.state, tuple(self.attempts)
        )


def is_about(event: Mapping[str, Any], object: str) -> bool:
    """Whether an event tells of an object, or of one that belongs to it."""
    data = (event.get("data") or {}).get("object") or {}
    return object in (data.get("id"), data.get("payment_intent"), data.get("charge"), data.get("customer"))


class Queue:
    """Delivers events of the objects that the audit follows, each to every endpoint that is subscribed to it."""

    def __init__(self, read: Callable[[], list[dict[str, Any]]]) -> None:
        self._read = read
        self._endpoints: list[Endpoint] = []
        self._followed: set[str] = set()
        self._held: set[str] = set()
        self._words: set[str] = set()
        self._events: dict[str, dict[str, Any]] = {}
        self._as_heard: dict[str, tuple[bytes, str]] = {}
        self._sendings: dict[str, list[_Sending]] = {}
        self._change = threading.Condition()
        self._reading = threading.Lock()
        self._read_at = 0.0
        self._is_over = False
        self._polls_each_s = _POLL_S
        self._thread: threading.Thread | None = None

    def add(self, endpoint: Endpoint) -> None:
        """Deliver to one endpoint more."""
        self._endpoints.append(endpoint)

    def stop(self) -> None:
        """Deliver nothing more. Safe to call twice."""
        with self._change:
            self._is_over = True
            self._change.notify_all()
        if self._thread:
            self._thread.join()

    def follow(self, object: str) -> None:
        """Deliver what there is and what will come about an object."""
        with self._change:
            self._followed.add(object)
            if self._thread is None and not self._is_over:
                self._thread = threading.Thread(target=self._work, name="account events", daemon=True)
                self._thread.start()
            self._take((), None)  # what was heard before anyone followed it

    def hear(self, event: Mapping[str, Any], body: bytes, signature: str) -> None:
        """Take an event that came without being asked for."""
        with self._change:
            self._take([dict(event)], (body, signature))

    def rely_on_hearing(self, *, is_heard: bool) -> None:
        """Whether events come by themselves, so that Stripe need not be asked as often."""
        self._polls_each_s = _HEARD_POLL_S if is_heard else _POLL_S

    def hold(self, *, object: str | None, word: str | None) -> None:
        """Keep back the events of an object, or those that mention a word."""
        with self._change:
            self._held |= {object} if object else set()
            self._words |= {word} if word else set()
        if object:
            self.follow(object)

    def events(self, object: str) -> list[dict[str, Any]]:
        """The events about an object as Stripe has them now, oldest first."""
        self._poll()
        with self._change:
            return [event for event in self._events.values() if is_about(event, object)]

    def deliveries(self, object: str) -> list[Delivery]:
        """What became of the events about an object."""
        self._poll()
        with self._change:
            return [one.told(object) for one in self._about(object)]

    def release(
        self, object: str, events: Sequence[str] | None, types: Sequence[str] | None, copies: int
    ) -> list[Attempt]:
        """Send held events now, in the order given; without a choice all of them, and the object is held no more."""
        self._poll()
        with self._change:
            held = [one for one in self._about(object) if one.state == "held"]
            if events is None and types is None:
                self._held.discard(object)
            elif events is not None:
                held = [one for wanted in events for one in held if one.event["id"] == wanted]
            else:
                held = [one for wanted in types or () for one in held if one.event["type"] == wanted]
            for one in held:
                one.state = "pending"
                one.due = float("inf")
        return [self._send(one) for one in held for _ in range(copies)]

    def resend(self, event: str, copies: int, is_at_once: bool) -> list[Attempt]:
        """Send an event again, wherever it went before."""
        with self._change:
            again = [one for one in self._sendings.get(event, ()) for _ in range(copies)]
        if not is_at_once:
            return [self._send(one) for one in again]
        with ThreadPoolExecutor(max(1, len(again))) as pool:
            return list(pool.map(self._send, again))

    def drain(self, timeout: float) -> bool:
        """Wait until Stripe was asked anew and nothing is on its way. Whether that was reached."""
        deadline = time.monotonic() + timeout
        self._poll()
        with self._change:
            while any(one.state in ("pending", "retrying") for many in self._sendings.values() for one in many):
                if not self._change.wait(max(0.0, deadline - time.monotonic())):
                    return False
        return True

    # The worker

    def _about(self, object: str) -> Iterator[_Sending]:
        for identity, event in self._events.items():
            if is_about(event, object):
                yield from self._sendings.get(identity, ())

    def _poll(self) -> None:
        """Read what is new, and queue what is followed; whoever waits for another's reading shares it."""
        arrived = time.monotonic()
        with self._reading:
            if self._read_at >= arrived:
                return
            began = time.monotonic()
            found = self._read()
            self._read_at = began
        with self._change:
            self._take(reversed(found), None)  # Stripe lists the newest first

    def _take(self, found: Iterable[dict[str, Any]], as_heard: tuple[bytes, str] | None) -> None:
        """Know of events, and queue what is followed. ``as_heard`` is how a single one came."""
        for event in found:
            self._events.setdefault(event["id"], event)
            if as_heard:
                self._as_heard.setdefault(event["id"], as_heard)
        for identity, event in self._events.items():
            followed = [object for object in self._followed if is_about(event, object)]
            if not followed or identity in self._sendings:
                continue
            text = json.dumps(event) if self._words else ""
            is_held = any(one in self._held for one in followed) or any(word in text for word in self._words)
            self._sendings[identity] = [
                _Sending(endpoint, event, "held" if is_held else "pending", self._as_heard.get(identity))
                for endpoint in self._endpoints
                if endpoint.takes(event["type"])
            ]
        self._change.notify_all()

    def _work(self) -> None:
        asked_at = float("-inf")
        while True:
            if time.monotonic() >= asked_at + self._polls_each_s:
                asked_at = time.monotonic()
                self._poll()
            for one in self._due():
                self._send(one)
            with self._change:
                if self._is_over:
                    return
                self._change.wait(_POLL_S)

    def _due(self) -> list[_Sending]:
        now = time.monotonic()
        with self._change:
            waiting = [one for many in self._sendings.values() for one in many if one.state in ("pending", "retrying")]
            return [] if self._is_over else [one for one in waiting if one.due <= now]

    def _send(self, one: _Sending) -> Attempt:
        attempt = _posted(one.endpoint, one.event, one.as_heard if not one.attempts else None)
        with self._change:
            one.attempts.append(attempt)
            if attempt.status is not None and 200 <= attempt.status < 300:
                one.state = "delivered"
            elif len(one.attempts) > len(_RETRIES_S):
                one.state = "failed"
            else:
                one.state = "retrying"
                one.due = time.monotonic() + _RETRIES_S[len(one.attempts) - 1]
            self._change.notify_all()
        return attempt


def _posted(endpoint: Endpoint, event: Mapping[str, Any], as_heard: tuple[bytes, str] | None = None) -> Attempt:
    """One POST, as Stripe sends it: pretty-printed, signed now, no redirect followed.

    What the CLI sent goes on as it is, to an endpoint that has the CLI's secret, while its signature is fresh.
    """
    body = json.dumps(event, indent=2, ensure_ascii=False).encode()
    parts = urlsplit(endpoint.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_WITHIN_S)
    at, began = time.time(), time.perf_counter()
    signature = signatures.header(body, endpoint.secret, int(at))
    if as_heard and _is_fresh(as_heard, endpoint.secret, at):
        body, signature = as_heard
    status, trouble = None, None
    try:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature,
        }
        connection.request("POST", parts.path or "/", body, headers)
        answer = connection.getresponse()
        answer.read(_BODY_CAP)
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        trouble = type(error).__name__
    finally:
        connection.close()
    return Attempt(at, status, trouble, (time.perf_counter() - began) * 1000)


def _is_fresh(as_heard: tuple[bytes, str], secret: str, now: float) -> bool:
    try:
        signatures.verify(*as_heard, secret, now=now, tolerance=_FRESH_S)
    except signatures.SignatureError:
        return False
    return True
