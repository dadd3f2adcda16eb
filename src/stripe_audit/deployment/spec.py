"""How a target is described: its routes by role, its webhooks, what it sells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

__all__ = ["Item", "Login", "Plan", "Route", "TargetSpec", "WebhookRoute"]


@dataclass(frozen=True, slots=True)
class Login:
    """How to get a token: a request, a JMESPath to the token in its answer, and the header to send it in."""

    method: str
    path: str
    body: Any
    token: str
    header: str = "Authorization: Bearer {token}"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint by its role. ``response`` maps our words to JMESPath expressions over the JSON answer.

    ``amount_unit`` is ``minor`` or ``major``, for amounts in both the body and the answer. ``is_frontend`` is set for a
    page that the frontend's address serves.
    """

    role: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    response: Mapping[str, str] = field(default_factory=dict)
    amount_unit: str = "minor"
    login: Login | None = None
    is_frontend: bool = False

    @property
    def label(self) -> str:
        """Stable name for findings: role and path template."""
        return f"{self.role} {self.path}"


@dataclass(frozen=True, slots=True)
class WebhookRoute:
    """One webhook endpoint: its signing secret (None where it is not known) and the event types it is for.

    ``is_for_connected`` is set where it hears of connected accounts, and not of the account itself.
    """

    name: str
    path: str
    secret: str | None = field(repr=False, default=None)
    events: tuple[str, ...] = ()
    is_for_connected: bool = False

    @property
    def label(self) -> str:
        """Stable name for findings."""
        return f"webhook {self.path}"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be bought; ``price`` in major units, exact."""

    id: str
    price: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Plan(Item):
    """Something that can be subscribed to; ``price`` is that of a period."""

    has_trial: bool = False


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target as declared. URLs have no trailing slash.

    ``items`` are charged at once; of ``held_items`` the card is authorised, and the money is taken later.
    """

    name: str
    url: str
    routes: Mapping[str, Route]
    webhooks: tuple[WebhookRoute, ...] = ()
    items: tuple[Item, ...] = ()
    held_items: tuple[Item, ...] = ()
    plans: tuple[Plan, ...] = ()
    https_url: str | None = None
    frontend_url: str | None = None
    ca_file: str | None = None
