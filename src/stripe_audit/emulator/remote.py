"""The control API in Python: what tests say to a running emulator, in this process or in another.

    with Emulator() as stripe:
        before = stripe.control.snapshot()
        ...
        stripe.control.restore(before)

Answers are those of the control API (docs/emulator.md), as plain dicts and lists. It blocks: use it outside an event
loop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["ControlRefused", "RemoteControl"]

TIMEOUT_S = 60.0
"""The answer to a release or a drain comes when the deliveries have ended."""


class ControlRefused(Exception):
    """The control API did not do what it was asked; ``status`` is its answer's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class RemoteControl:
    """Speaks to the emulator at ``url``. Raises ControlRefused for a refusal, OSError where nothing answers."""

    def __init__(self, url: str, token: str) -> None:
        self._host = urlsplit(url).netloc
        self._token = token

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One control call: the path is without ``/_emulator/``."""
        import http.client  # not every emulator is steered from here, and this loads the whole of email

        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT_S)
        try:
            headers = {"X-Emulator-Token": self._token, "Content-Type": "application/json"}
            connection.request(method, f"/_emulator/{path}", json.dumps(body or {}).encode(), headers)
            with connection.getresponse() as answer:
                said = json.loads(answer.read())
                if answer.status != 200:
                    raise ControlRefused(said["error"]["message"], answer.status)
                return said
        finally:
            connection.close()

    def health(self) -> dict[str, Any]:
        """How it is, and how much it remembers."""
        return self._asked("health")

    def reset(self) -> None:
        """Forget everything but keys, token, snapshots and what the configuration names."""
        self("POST", "reset")

    def snapshot(self) -> str:
        """Keep everything as it is now; the snapshot's id."""
        return str(self("POST", "snapshot")["id"])

    def restore(self, snapshot: str) -> None:
        """Be again as it was then."""
        self("POST", "restore", {"id": snapshot})

    def snapshots(self) -> list[dict[str, Any]]:
        """What there is to restore, oldest first."""
        return self._list("snapshot", "snapshots")

    def delete_snapshot(self, snapshot: str) -> None:
        """Forget a snapshot."""
        self("DELETE", f"snapshot/{_segment(snapshot)}")

    def now(self) -> float:
        """The emulator's time, in Unix seconds."""
        return float(self._asked("clock")["now"])

    def advance(self, seconds: float) -> None:
        """Let time pass; what that makes due has happened when this returns."""
        self("POST", "clock/advance", {"seconds": seconds})

    def hold_clock(self, at: float | None = None) -> None:
        """Stop the clock, at a time in Unix seconds or where it is."""
        self("POST", "clock/hold", {} if at is None else {"at": at})

    def run_clock(self) -> None:
        """Let the clock run again, from the time that it shows."""
        self("POST", "clock/run")

    def journal(
        self,
        *,
        object: str | None = None,
        caller: str | None = None,
        key: str | None = None,
        method: str | None = None,
        path: str | None = None,
        since: int = 0,
    ) -> list[dict[str, Any]]:
        """The calls that match everything given, oldest first.

        ``object`` an id, with those of its charges and refunds; ``caller`` target, audit, customer or unknown; ``key``
        an idempotency key; ``path`` a glob; ``since`` a ``mark``.
        """
        query = {"object": object, "caller": caller, "key": key, "method": method, "path": path, "since": since}
        return self._list("journal", "calls", query)

    def mark(self) -> int:
        """A position in the journal, for ``since``."""
        return int(self._asked("health")["calls"])

    def events(self, object: str | None = None) -> list[dict[str, Any]]:
        """The webhook events, or those about an object and its family, oldest first."""
        return self._list("events", "events", {"object": object})

    def make_event(self, type: str, object: Mapping[str, Any] | str, **members: Any) -> dict[str, Any]:
        """Make and deliver (unless ``deliver=False``) an event about an object, given whole or by its id."""
        about = {"object_id": object} if isinstance(object, str) else {"object": dict(object)}
        made: dict[str, Any] = self("POST", "events", {"type": type, **about, **members})
        return made

    def fault(self, kind: str, *, action: Mapping[str, Any] | None = None, **matching: Any) -> str:
        """Put a fault in force: ``action`` says how it fails, all else which calls; its id."""
        return str(self("POST", "faults", {**matching, "action": {**(action or {}), "kind": kind}})["id"])

    def lift(self, fault: str | None = None) -> None:
        """End one fault, or all."""
        self("DELETE", "faults" if fault is None else f"faults/{_segment(fault)}")

    def deliveries(self, object: str | None = None) -> list[dict[str, Any]]:
        """What became of the webhook events, or of those about an object."""
        return self._list("deliveries", "deliveries", {"object": object})

    def hold(self, **about: Any) -> int:
        """Keep webhook events back: of an ``object=``, with some ``metadata=``, that ``mentions=``, or ``all=True``."""
        return int(self("POST", "deliveries/hold", about)["held"])

    def release(self, **about: Any) -> list[dict[str, Any]]:
        """Send what is held, in the order of ``events=`` or ``types=`` where given, ``duplicate=`` times; attempts."""
        return self._attempts("release", about)

    def resend(self, event: str, **how: Any) -> list[dict[str, Any]]:
        """Send an event again: ``copies=`` times, at once if ``concurrent=True``, to one ``endpoint=`` or all."""
        return self._attempts("resend", {"event": event, **how})

    def withdraw(self, events: Sequence[str]) -> int:
        """Never deliver these events; how many deliveries that stopped."""
        return int(self("POST", "deliveries/withdraw", {"events": list(events)})["withdrawn"])

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until no delivery is under way; whether that came about in so many seconds."""
        return bool(self("POST", "deliveries/drain", {"timeout": timeout})["drained"])

    def authenticate(self, intent: str, *, succeed: bool) -> dict[str, Any]:
        """The customer passes, or fails, the 3D Secure that a PaymentIntent or a SetupIntent waits for."""
        family = "setup_intents" if intent.startswith("seti_") else "payment_intents"
        body = {"outcome": "succeed" if succeed else "fail"}
        answer: dict[str, Any] = self("POST", f"{family}/{_segment(intent)}/authenticate", body)
        return answer

    def restricted_key(self, permissions: Sequence[str]) -> str:
        """A key that may do what its permissions name, such as ``charge_read``, and nothing else."""
        return str(self("POST", "keys", {"permissions": list(permissions)})["key"])

    def webhook(self, url: str, **options: Any) -> dict[str, Any]:
        """Deliver events to a URL; the endpoint with its ``secret``, which may be chosen."""
        made: dict[str, Any] = self("POST", "webhook_endpoints", {"url": url, **options})
        return made

    def roll_secret(self, endpoint: str, *, expires_in: float = 0.0) -> str:
        """A new signing secret; the old one signs too for so many seconds, at most a day."""
        body = {"expires_in": expires_in}
        return str(self("POST", f"webhook_endpoints/{_segment(endpoint)}/roll", body)["secret"])

    def _asked(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self("GET", path)
        return answer

    def _list(self, path: str, name: str, query: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        given = urlencode({key: value for key, value in (query or {}).items() if value is not None})
        found: list[dict[str, Any]] = self._asked(f"{path}?{given}")[name]
        return found

    def _attempts(self, action: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        attempts: list[dict[str, Any]] = self("POST", f"deliveries/{action}", body)["attempts"]
        return attempts


def _segment(identity: str) -> str:
    return quote(identity, safe="")
