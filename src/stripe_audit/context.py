"""The only door from a check to the world. One context belongs to one running check and its event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from stripe_audit import signatures
from stripe_audit.deployment.databases import Database
from stripe_audit.deployment.launch.process import LaunchedTarget
from stripe_audit.deployment.spec import TargetSpec, WebhookRoute
from stripe_audit.deployment.target import TargetClient
from stripe_audit.deployment.transport import Answer, Headers, Transport
from stripe_audit.errors import Inconclusive, LaunchError, Skip
from stripe_audit.models import Effect, Evidence, Finding, Party, Severity, SourceLocation
from stripe_audit.payments import Payments
from stripe_audit.redaction import inert
from stripe_audit.safety import live_sign
from stripe_audit.sight import Sight
from stripe_audit.stripe_backend.interface import StripeBackend
from stripe_audit.webhooks.bodies import body_of
from stripe_audit.world import Project, Register, World

__all__ = ["Context", "Project", "Register", "World"]

T = TypeVar("T")
_DETAIL_CAP = 4000


class Context(Sight):
    """What a check sees. Everything that it sends is bounded, permitted, recorded and redacted."""

    def __init__(self, world: World, check: str) -> None:
        self._world = world
        self.notes: list[str] = []
        spec = world.spec
        pages = spec.frontend_url if any(route.is_frontend for route in spec.routes.values()) else None
        origins = [spec.url, spec.https_url, pages, world.stripe and world.stripe.url, *world.proxied_origins]
        self._transport = Transport(
            origins=[origin for origin in origins if origin],
            budget=world.budget,
            recorder=world.recorder,
            interlock=world.interlock,
            check=check,
            ca_file=world.spec.ca_file,
            on_answer=self._inspect,
        )
        self.target = TargetClient(world.spec, self._transport)
        self._stripe = world.stripe.backend(self._transport) if world.stripe else None
        self.payments = Payments(world.spec, self.target, self._stripe, f"{world.tag}-{check}", world.register.add)

    def _inspect(self, answer: Answer, destination: Party) -> None:
        """Any live sign in an answer of the target ends all writes."""
        if destination is Party.APP and (sign := live_sign([answer.text])):
            self._world.interlock.trip(sign)

    # What there is

    @property
    def spec(self) -> TargetSpec:
        """The target as declared."""
        return self._world.spec

    @property
    def project(self) -> Project:
        """The target's files."""
        return self._world.project

    @property
    def browser(self) -> str | None:
        """The path of Chromium, where there is one."""
        return self._world.browser

    @property
    def data(self) -> tuple[Path, ...]:
        """Files and folders in which the target keeps what it stores, as far as they are known."""
        return self._world.data

    @property
    def environment(self) -> str:
        """``test``, ``live`` or ``unknown``, as declared."""
        return self._world.environment

    @property
    def tag(self) -> str:
        """The run's tag; every object that the run makes carries it."""
        return self._world.tag

    @property
    def given(self) -> Mapping[str, str]:
        """The variables that the settings give the target, filled in for this run; secrets are among them."""
        return self._world.given

    @property
    def launched(self) -> LaunchedTarget | None:
        """The target's process, where the audit launched it."""
        return self._world.launched

    @property
    def launch_failure(self) -> LaunchError | None:
        """Why the launched target did not become ready, if it did not."""
        return self._world.launch_failure

    @property
    def patience(self) -> float:
        """Seconds to wait for an effect before it counts as missing."""
        return self._world.patience

    @property
    def answer_within(self) -> float:
        """Seconds in which a customer must be answered while Stripe says nothing."""
        return self._world.answer_within

    @property
    def database(self) -> Database:
        """The target's database, which can be taken away. Raises Skip where no way to do so is declared."""
        if self._world.database is None:
            raise Skip("no way to take the database away is declared", setting="target.database")
        return self._world.database

    @property
    def stripe(self) -> StripeBackend:
        """The Stripe side. Raises Skip where the target does not talk to it."""
        if self._stripe is None:
            raise Skip("the target does not talk to the audit's Stripe", setting="target.stripe")
        return self._stripe

    # Webhook events

    def webhook_for(self, event_type: str) -> WebhookRoute:
        """The endpoint, with a known secret, that is for a type of webhook event. Raises Skip."""
        known = [route for route in self.spec.webhooks if route.secret]
        if not known:
            raise Skip("no webhook endpoint with a known secret", setting="target.routes.webhook[].secret")
        fitting = [route for route in known if not route.events or event_type in route.events or "*" in route.events]
        if not fitting:
            raise Skip(f"no webhook endpoint is declared for {event_type}", setting="target.routes.webhook[].events")
        return fitting[0]

    async def deliver(
        self,
        route: WebhookRoute,
        event: Mapping[str, Any] | bytes,
        *,
        effect: Effect = Effect.WRITE,
        headers: Headers | None = None,
        timeout: float | None = None,
        duplicate: bool = False,
    ) -> Answer:
        """Send a webhook event with a right signature, unless ``headers`` are given to send instead."""
        body = event if isinstance(event, bytes) else body_of(event)
        if headers is None:
            headers = {"Stripe-Signature": signatures.header(body, route.secret or "", int(time.time()))}
        return await self.target.webhook(route, body, headers, effect=effect, timeout=timeout, duplicate=duplicate)

    async def request(
        self, method: str, path: str, *, effect: Effect = Effect.READ, is_https: bool = False, **options: Any
    ) -> Answer:
        """A request to any path of the target, or to an address of a declared origin; options as in
        ``Transport.request``.
        """
        if path.startswith(("http://", "https://")):
            return await self._transport.request(method, path, effect=effect, **options)
        if is_https and not self.spec.https_url:
            raise Skip("the target's https address is not known", setting="target.https_url")
        base = self.spec.https_url if is_https else self.spec.url
        return await self._transport.request(method, f"{base}{path}", effect=effect, **options)

    def admit(self, effect: Effect, requests: int) -> None:
        """Have requests to the target permitted and counted, which go past the transport. SafetyError, BudgetError."""
        self._world.interlock.permit(effect)
        self._world.budget.spend(requests)

    def inspect(self, text: str) -> None:
        """Look for live signs in such an answer. Raises SafetyError once all writes are ended."""
        if sign := live_sign([text]):
            self._world.interlock.trip(sign)
        self._world.interlock.permit(Effect.WRITE)

    async def compute(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run something that takes the processor, or blocks, in a thread."""
        return await asyncio.to_thread(function, *arguments)

    # Saying

    def evidence(
        self,
        summary: str,
        answer: Answer | None = None,
        *,
        data: Mapping[str, Any] | None = None,
        source: SourceLocation | None = None,
    ) -> Evidence:
        """What proves a finding: an exchange, or an observation with its data."""
        safe_data = None if data is None else self._world.redactor.redact_value(dict(data))
        return Evidence(self._safe(summary), answer.exchange if answer else None, safe_data, source)

    def finding(
        self,
        title: str,
        detail: str,
        *evidence: Evidence,
        severity: Severity | None = None,
        route: str | None = None,
        discriminator: str = "",
        fix: str | None = None,
        source: SourceLocation | None = None,
    ) -> Finding:
        """A proven defect. ``route`` and ``discriminator`` make its fingerprint: no times or object ids in them."""
        return Finding(
            self._safe(title), self._safe(detail), tuple(evidence), severity, route, discriminator, fix, source
        )

    def note(self, text: str) -> None:
        """A harmless observation that the report tells."""
        self.notes.append(self._safe(text))

    def skip(self, reason: str, *, setting: str | None = None) -> NoReturn:
        """End without having looked."""
        raise Skip(self._safe(reason), setting=setting)

    def inconclusive(self, reason: str, *, supply: str | None = None) -> NoReturn:
        """End without a verdict, though having looked."""
        raise Inconclusive(self._safe(reason), supply=supply)

    def safe(self, text: str) -> str:
        """The text without secrets and inert; doing it twice changes nothing more."""
        return inert(self._world.redactor.redact(text))

    def _safe(self, text: str) -> str:
        return inert(self._world.redactor.redact(text), _DETAIL_CAP)

    # The engine's part

    @property
    def exchanges(self) -> list[str]:
        """Ids of what was sent."""
        return self._transport.exchanges

    def close(self) -> None:
        """Refuse everything from now on."""
        self._transport.close()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
