"""The Stripe side of an audit, as checks see it.

Objects are plain dicts in Stripe's shapes. Everything is asynchronous, and everything goes over HTTP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from stripe_audit.errors import Skip

if TYPE_CHECKING:
    from stripe_audit.deployment.transport import Transport

__all__ = ["Attempt", "Call", "CustomerAnswer", "Delivery", "FaultHandle", "StripeBackend", "StripeSide"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the journal. ``caller`` is ``target``, ``audit``, ``customer`` or ``unknown``; ``at`` Unix seconds.

    ``stripe_account`` is the connected account for which it was made, if it was.
    """

    seq: int
    at: float
    caller: str
    method: str
    path: str
    params: Mapping[str, Any]
    status: int
    object: str | None = None
    idempotency_key: str | None = None
    stripe_version: str | None = None
    sdk: Mapping[str, Any] = field(default_factory=dict)
    replayed: bool = False
    fault: str | None = None
    error: Mapping[str, Any] | None = None
    stripe_account: str | None = None

    @property
    def line(self) -> str:
        """One line for evidence."""
        return f"{self.caller}: {self.method} {self.path} → {self.status}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver a webhook event. ``status`` is None where no answer came."""

    at: float
    status: int | None
    error: str | None
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook event on its way to one endpoint. ``state``: pending, held, delivered, failed, retrying, withdrawn."""

    event: str
    type: str
    object: str
    endpoint: str
    url: str
    state: str
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """What the customer's browser got from Stripe: the object, or the error in Stripe's shape."""

    status: int
    object: Mapping[str, Any]
    error: Mapping[str, Any] | None = None

    @property
    def state(self) -> str | None:
        """The intent's status after the call."""
        source = self.object or (self.error or {}).get("payment_intent") or {}
        return source.get("status")


class FaultHandle(ABC):
    """An injected fault; lifted at the end of its ``async with``."""

    id: str

    async def __aenter__(self) -> FaultHandle:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.lift()

    @abstractmethod
    async def lift(self) -> None:
        """Remove the fault. Safe to call twice."""

    @abstractmethod
    async def hits(self) -> int:
        """How many calls have met it so far, those that still wait among them. 0 once it is lifted."""


class StripeBackend(ABC):
    """Stripe, seen from the audit: read it, act as the customer, watch and steer deliveries, inject faults."""

    publishable_key: str
    api_version: str

    @abstractmethod
    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """``GET /v1/…`` with the audit's own key. Raises StripeError for an error answer."""

    @abstractmethod
    async def post(self, path: str, **params: Any) -> dict[str, Any]:
        """``POST /v1/…`` with the audit's own key. Raises StripeError for an error answer."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        pairs: Sequence[tuple[str, str]] = (),
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> CustomerAnswer:
        """Any call with the audit's own key, with these form fields or this JSON; errors are answers. Raises Skip."""
        raise Skip("this Stripe takes no calls of any kind from the audit", setting="stripe.mode: emulator")

    async def delete(self, path: str, **params: Any) -> dict[str, Any]:
        """``DELETE /v1/…`` with the audit's own key. Raises StripeError for an error answer."""
        raise Skip("this Stripe takes no DELETE from the audit", setting="stripe.mode: emulator")

    async def advance(self, seconds: float, *, customer: str | None = None) -> None:
        """Let so much time pass at Stripe, or for one customer's subscriptions and invoices alone.

        What becomes due has happened when this returns. Raises Skip.
        """
        raise Skip("this Stripe's clock cannot be advanced", setting="stripe.mode: emulator")

    @abstractmethod
    async def confirm(self, client_secret: str, payment_method: str) -> CustomerAnswer:
        """The customer pays: publishable key and client secret."""

    @abstractmethod
    async def authenticate(self, payment_intent: str, *, succeed: bool) -> None:
        """The customer completes, or fails, 3D Secure."""

    @abstractmethod
    async def journal(self, *, object: str | None = None, since: int = 0, caller: str | None = None) -> list[Call]:
        """The calls that were made, oldest first."""

    @abstractmethod
    async def mark(self) -> int:
        """A position in the journal, for ``journal(since=…)``."""

    @abstractmethod
    async def hold(self, *, object: str | None = None, mentions: str | None = None) -> None:
        """Keep back webhook events of an object, also those to come.

        An object to come is known by a word that it will mention in its metadata, description or e-mail address.
        """

    @abstractmethod
    async def release(
        self, object: str, *, events: Sequence[str] | None = None, types: Sequence[str] | None = None, copies: int = 1
    ) -> list[Attempt]:
        """Send held events now, one after the other, in the order given."""

    @abstractmethod
    async def resend(self, event: str, *, copies: int = 1, concurrent: bool = False) -> list[Attempt]:
        """Send an event again, as Stripe may."""

    @abstractmethod
    async def deliveries(self, object: str) -> list[Delivery]:
        """What became of the webhook events of an object."""

    @abstractmethod
    async def drain(self, timeout: float) -> bool:
        """Wait until nothing is on its way (held events do not count). Whether that was reached."""

    @abstractmethod
    async def events(self, object: str) -> list[dict[str, Any]]:
        """The webhook events about an object, oldest first, as ``/v1/events`` shows them."""

    @abstractmethod
    async def synthesize(self, type: str, object: Mapping[str, Any], **overrides: Any) -> dict[str, Any]:
        """A webhook event that Stripe did not emit, in the account's API version. Not delivered."""

    async def triggered(self, type: str) -> dict[str, Any] | None:
        """An event of a type about an object that was made for it; None where this Stripe makes none. Not delivered."""
        return None

    @abstractmethod
    async def fault(
        self,
        action: Mapping[str, Any],
        *,
        method: str | None = None,
        path: str | None = None,
        object: str | None = None,
        params: Mapping[str, Any] | None = None,
        times: int | None = None,
    ) -> FaultHandle:
        """Make the target's calls that match fail; see the emulator's control API for the actions."""


class StripeSide(Protocol):
    """Where a run's Stripe is. ``url`` is the origin that the checks' own transport sends to, if it sends at all."""

    @property
    def url(self) -> str | None: ...

    @property
    def api_version(self) -> str: ...

    def backend(self, transport: Transport) -> StripeBackend:
        """Stripe as one check sees it."""
        ...
