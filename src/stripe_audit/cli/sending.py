"""Sending a signed webhook body to an address that the user names: for ``trigger`` and ``replay``."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from stripe_audit import signatures
from stripe_audit.deployment.budget import Budget
from stripe_audit.deployment.recorder import Recorder
from stripe_audit.deployment.transport import Answer, Transport
from stripe_audit.errors import UsageError
from stripe_audit.models import Effect, Party
from stripe_audit.redaction import Redactor, inert
from stripe_audit.safety import Interlock, Permission, is_loopback, live_sign

__all__ = ["Destination", "destination", "secret_from"]

_SHOWN_CAP = 500
_HEADERS = {
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "content-type": "application/json; charset=utf-8",
    "accept": "*/*; q=0.5, application/xml",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to send, and the secret to sign with."""

    url: str
    secret: str

    def transport(self, *more: str) -> Transport:
        """A client that may write to this address; ``more`` are other origins that it may contact."""
        return Transport(
            origins=[self.url, *more],
            budget=Budget(),
            recorder=Recorder(None, Redactor([self.secret])),
            interlock=Interlock(Permission(Effect.WRITE, "named on the command line")),
        )

    async def send(self, transport: Transport, body: bytes) -> Answer:
        """Sign now, and send. Raises TargetError where no answer came, UsageError for a live event."""
        if live_sign([body.decode("utf-8", "replace")]):
            raise UsageError("the body says that it is live", hint="send events of test mode only")
        signed = {"stripe-signature": signatures.header(body, self.secret, int(time.time()))}
        return await transport.request(
            "POST",
            self.url,
            effect=Effect.WRITE,
            headers={**_HEADERS, **signed},
            content=body,
            source=Party.WEBHOOK,
            timeout=30.0,
        )

    def told(self, answer: Answer) -> str:
        """The answer in a line, and the beginning of its body."""
        text = inert(Redactor([self.secret]).redact(answer.text.strip()))[:_SHOWN_CAP]
        return f"{answer.status} in {answer.elapsed_ms:.0f} ms" + (f": {text}" if text else "")


def secret_from(variable: str) -> str:
    """The signing secret in a variable. Raises UsageError."""
    secret = os.environ.get(variable, "").strip()
    if not secret:
        raise UsageError(
            f"the variable {variable} is not set", hint="--secret-env NAME names the one with the signing secret"
        )
    return secret


def destination(url: str, variable: str, allowed: Sequence[str]) -> Destination:
    """Where to send. Raises UsageError for an address beyond the loopback that is not allowed by name."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_right = parts.scheme in ("http", "https") and bool(host) and parts.port != 0 and not parts.username
    except ValueError:
        is_right, host = False, ""
    if not is_right:
        raise UsageError(f"not an http or https URL: {url}", hint="--to http://127.0.0.1:3000/webhook")
    if not is_loopback(host) and host not in allowed:
        raise UsageError(
            f"{host} is not on this machine", hint=f"if it is a test deployment of yours: --allow-host {host}"
        )
    return Destination(url, secret_from(variable))
