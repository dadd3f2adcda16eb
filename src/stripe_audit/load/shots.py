"""What is sent: a webhook event to an endpoint at a moment; how it is written; and what came of it."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from stripe_audit import signatures
from stripe_audit.deployment.transport import tls_context

__all__ = ["Endpoint", "Shot", "ShotAnswered", "is_taken", "on_schedule", "written"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where signed events go. ``ca_file`` is trusted beside the system's; ``head`` ends where the signature follows."""

    url: str
    secret: str = field(repr=False)
    ca_file: str | None = None
    host: str = field(init=False)
    port: int = field(init=False)
    head: bytes = field(init=False, repr=False)
    tls: ssl.SSLContext | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        tls = tls_context(self.ca_file) if parts.scheme == "https" else None
        for name, value in (("host", parts.hostname or ""), ("port", port), ("tls", tls)):
            object.__setattr__(self, name, value)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n"
            "user-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\naccept: */*; q=0.5, application/xml\r\n"
            "content-type: application/json; charset=utf-8\r\nstripe-signature: "
        )
        object.__setattr__(self, "head", head.encode("ascii"))


class Shot(NamedTuple):
    """One webhook event on its way to one endpoint. ``at`` is when it is to be sent, in seconds from the beginning.

    ``order`` is the reference of the order that it is about; ``is_repeat`` says that it was sent before.
    """

    at: float
    event: str
    kind: str
    order: str
    endpoint: int
    body: bytes
    is_repeat: bool = False


class ShotAnswered(NamedTuple):
    """What came of a shot: ``sent`` and ``done`` in seconds from the beginning; the status, or what went wrong."""

    shot: Shot
    sent: float
    done: float
    status: int | None
    error: str = ""

    @property
    def latency_ms(self) -> float:
        """From the moment when it was *due*: time that it waited because others were slow counts."""
        return (self.done - self.shot.at) * 1000


def is_taken(answered: ShotAnswered) -> bool:
    """Whether it was answered as Stripe wants it: 2xx (docs.stripe.com/webhooks)."""
    return answered.status is not None and 200 <= answered.status < 300


def written(endpoint: Endpoint, body: bytes, timestamp: int) -> bytes:
    """The whole request, signed now. ``timestamp`` in Unix seconds."""
    signature = signatures.header(body, endpoint.secret, timestamp).encode("ascii")
    return b"%s%s\r\ncontent-length: %d\r\n\r\n%s" % (endpoint.head, signature, len(body), body)


def on_schedule(shots: Sequence[Shot], rate: float) -> list[Shot]:
    """The same, one every ``1 / rate`` seconds, whatever becomes of those before: an open loop."""
    return [shot._replace(at=index / rate) for index, shot in enumerate(shots)]
