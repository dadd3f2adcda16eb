"""Why an endpoint refuses a genuine webhook event: found out by sending it again, signed or written otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_audit import signatures
from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.webhooks.bodies import body_of

__all__ = ["Refused", "why_refused"]

_PARSED_AGAIN: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    "JavaScript's JSON.stringify": lambda event: json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode(),
    "Python's json.dumps": lambda event: json.dumps(event).encode(),
}
"""Ways in which a parsed body is usually written again. Stripe writes neither."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What is known of a refusal. ``status`` is the answer to the genuine event, ``when_forged`` to a wrong signature.

    ``secret_of`` is the endpoint whose secret it takes instead, ``as_written_by`` whose spelling of the body.
    """

    status: int
    when_forged: int
    secret_of: str | None = None
    as_written_by: str | None = None

    @property
    def is_of_the_event_alone(self) -> bool:
        """Whether the signature was found right, and the endpoint reached; what was refused is what the event says."""
        is_found_out = bool(self.secret_of or self.as_written_by)
        is_elsewhere = self.status < 400 or self.status in (404, 405, 410)
        return not is_found_out and not is_elsewhere and self.status != self.when_forged

    @property
    def cause(self) -> str:
        """The likely cause, in sentences for a developer."""
        if self.secret_of:
            return f"It takes the same event signed with the secret of {self.secret_of}: the two are mixed up."
        if self.as_written_by:
            return f"It takes the same event as {self.as_written_by} writes it: the raw body is lost before the check."
        if 300 <= self.status < 400:
            return "It redirects, and Stripe does not follow: see webhook-url-not-redirected."
        if self.status in (404, 405, 410):
            return "There is no such endpoint: see webhook-endpoint-reachable."
        if self.status >= 500 and self.when_forged < 500:
            return (
                "A wrong signature is refused properly, so the signature is right and the handler fails: see its log."
            )
        if self.status >= 500:
            return "A wrong signature is answered in the same way: it fails before or while it verifies; see its log."
        if self.status == self.when_forged:
            return (
                "A wrong signature is answered in the same way. Either it verifies with another secret than the "
                "declared one (unset, of another endpoint or mode, with white space), or not over the raw body."
            )
        return (
            f"A wrong signature is answered {self.when_forged}, so the signature is right and the event itself is "
            "refused: by its type, its mode, or its API version."
        )


async def why_refused(ctx: Context, route: WebhookRoute, event: Mapping[str, Any], status: int) -> Refused:
    """Send a genuine event, which was answered with ``status``, in the ways that reveal the usual mistakes."""
    body = body_of(event)

    async def answered(content: bytes, secret: str) -> int:
        header = {"Stripe-Signature": signatures.header(content, secret, int(time.time()))}
        return (await ctx.deliver(route, content, headers=header)).status

    forged = await answered(body, "whsec_aW5vdGhlcnNlY3JldGFub3RoZXI")
    for other in ctx.spec.webhooks:
        if other.secret and other.secret != route.secret and 200 <= await answered(body, other.secret) < 300:
            return Refused(status, forged, secret_of=other.path)
    for writer, write in _PARSED_AGAIN.items():
        if 200 <= await answered(write(event), route.secret or "") < 300:
            return Refused(status, forged, as_written_by=writer)
    return Refused(status, forged)
