"""Why an endpoint refuses a genuine webhook event: found out by signing it as a flawed one would expect."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from stripe_audit import source
from stripe_audit.context import Context
from stripe_audit.deployment.spec import WebhookRoute
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive, StripeError
from stripe_audit.keys import KeyKind, parse_key
from stripe_audit.trials.suspicions import Known, Suspicion, suspicions
from stripe_audit.webhooks.bodies import body_of
from stripe_audit.webhooks.forgeries import genuine_header

__all__ = ["Refused", "clock_ahead_s", "why_refused"]

_OF_A_SECRET = ("STRIPE", "WEBHOOK", "SECRET", "SIGN", "WHSEC")


@dataclass(frozen=True, slots=True)
class Refused:
    """What is known of a refusal. ``status`` is the answer to the genuine event, ``when_forged`` to a wrong signature.

    ``confirmed`` is the suspicion whose signature was taken, if one was.
    """

    status: int
    when_forged: int
    confirmed: Suspicion | None = None

    @property
    def is_of_the_event_alone(self) -> bool:
        """Whether the signature was found right, and the endpoint reached; what was refused is what the event says."""
        is_elsewhere = self.status < 400 or self.status in (404, 405, 410)
        return self.confirmed is None and not is_elsewhere and self.status != self.when_forged

    @property
    def title(self) -> str:
        """The finding's title, with the cause where it is confirmed."""
        return f"A genuine event is refused: {self.confirmed.title}" if self.confirmed else "A genuine event is refused"

    @property
    def cause(self) -> str:
        """The likely cause, in sentences for a developer."""
        if self.confirmed:
            return self.confirmed.advice
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
                "A wrong signature is answered in the same way. It verifies with another secret than the declared one "
                "(of another endpoint, mode or account), or over another text than the raw body. None of the usual "
                "mix-ups fits: not the other secrets that the audit knows, no white space, no usual way to write the "
                "body again, not the clock."
            )
        return (
            f"A wrong signature is answered {self.when_forged}, so the signature is right and the event itself is "
            "refused: by its type, its mode, or its API version."
        )


async def why_refused(ctx: Context, route: WebhookRoute, event: Mapping[str, Any], refusal: Answer) -> Refused:
    """Send a genuine event, which got ``refusal``, signed in the ways that reveal the usual mistakes."""
    body = body_of(event)

    async def answered(headers: Mapping[str, str]) -> int:
        return (await ctx.deliver(route, body, headers=headers)).status

    now = int(time.time())
    forged = await answered(genuine_header(body, "whsec_aW5vdGhlcnNlY3JldGFub3RoZXI", now))
    is_verified = refusal.status >= 500 > forged
    if is_verified or 200 <= forged < 300 or refusal.status < 400 or refusal.status in (404, 405, 410):
        return Refused(refusal.status, forged)
    for suspicion in suspicions(route.secret or "", await known_to(ctx, route, refusal)):
        header = {"Stripe-Signature": suspicion.sign(body, int(time.time()))}
        if 200 <= await answered(header) < 300:
            return Refused(refusal.status, forged, suspicion)
    return Refused(refusal.status, forged)


async def known_to(ctx: Context, route: WebhookRoute, answer: Answer) -> Known:
    """What else an endpoint may verify with: other secrets, what lies in its variables, its own id."""
    others = {one.path: one.secret for one in ctx.spec.webhooks if one.secret and one.secret != route.secret}
    given = {f"the variable {name}": value for name, value in ctx.given.items()}
    values = {name: value for name, value in {**_env_values(ctx), **given}.items() if _may_be_a_secret(name, value)}
    values["the publishable key"] = ctx.stripe.publishable_key or ""
    try:
        for endpoint in (await ctx.stripe.get("/v1/webhook_endpoints", limit=100))["data"]:
            values[f"an endpoint's id ({endpoint['id']})"] = endpoint["id"]
    except StripeError:  # the account does not show its endpoints
        pass
    distinct = {value: name for name, value in reversed(values.items())}
    return Known(others, {name: value for value, name in reversed(distinct.items())}, clock_ahead_s(answer) or 0.0)


def _env_values(ctx: Context) -> dict[str, str]:
    try:
        files = source.read_env_files(ctx.project.env_files)
    except Inconclusive:
        return {}
    return {f"{one.name} of {file.path.name}": one.value for file in files for one in file.variables.values()}


def _may_be_a_secret(name: str, value: str) -> bool:
    return parse_key(value).kind is not KeyKind.UNKNOWN or any(word in name.upper() for word in _OF_A_SECRET)


def clock_ahead_s(answer: Answer) -> float | None:
    """How far the clock behind an answer's Date header is ahead of ours, in seconds; None without such a header.

    The header has whole seconds (RFC 9110), and the answer took its time, so up to two seconds mean nothing.
    """
    try:
        return parsedate_to_datetime(answer.header("date") or "").timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
