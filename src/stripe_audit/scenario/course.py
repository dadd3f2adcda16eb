"""One row of a scenario on its way: what has been made and saved, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_audit.context import Context
from stripe_audit.deployment.transport import Answer
from stripe_audit.errors import Inconclusive
from stripe_audit.models import Finding
from stripe_audit.payments import Payment
from stripe_audit.scenario.reading import Scenario, Step
from stripe_audit.scenario.templates import TemplateError, filled
from stripe_audit.stripe_backend.interface import FaultHandle

__all__ = ["Course", "Made"]


@dataclass(slots=True)
class Made:
    """Something that the target made for an order of the scenario's own.

    ``object`` is its id at Stripe: a PaymentIntent's, a Checkout Session's, a subscription's. A subscription has a
    ``customer`` of its own, and ``billed`` are the ids of its invoices and of their PaymentIntents.
    """

    kind: str
    order: str
    object: str
    email: str
    amount: int
    currency: str
    values: Mapping[str, Any]
    answer: Answer
    payment: Payment | None = None
    intent: str | None = None
    is_held: bool = False
    customer: str | None = None
    billed: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Its ids at Stripe, as far as they are known."""
        return tuple(dict.fromkeys(name for name in (self.object, self.intent, *self.billed) if name))

    @property
    def shown(self) -> dict[str, Any]:
        """What templates see."""
        seen = {
            "order": self.order,
            "id": self.object,
            "intent": self.intent,
            "customer": self.customer,
            "amount": self.amount,
            "currency": self.currency,
            "email": self.email,
            "item": self.values.get("item"),
            "quantity": self.values.get("quantity"),
        }
        if self.payment:
            seen["client_secret"] = self.payment.client_secret
        return seen


@dataclass(slots=True)
class Course:
    """The state of one row. ``unseen`` are conditions that nothing declared can show, ``judged`` counts the others."""

    ctx: Context
    scenario: Scenario
    row: Mapping[str, Any]
    saved: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: dict[str, FaultHandle] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    judged: int = 0
    log_mark: int | None = None

    def __post_init__(self) -> None:
        self.saved = {"run": {"tag": self.ctx.tag}, **self.row}

    @property
    def label(self) -> str:
        """The row, for findings and notes; empty where there is no matrix."""
        return ", ".join(f"{name} {value}" for name, value in self.row.items())

    def fill(self, step: Step, value: Any) -> Any:
        """The value with its templates filled in. Raises Inconclusive that cites the step."""
        try:
            return filled(value, self.saved)
        except TemplateError as error:
            raise Inconclusive(f"{step.place}: {error}", supply="the scenario's text") from None

    def keep(self, name: str | None, made: Made) -> None:
        """Save what was made."""
        if name:
            self.made[name] = made
            self.saved[name] = made.shown

    def refresh(self, name: str) -> None:
        """Show templates what has become known of it since."""
        self.saved[name] = self.made[name].shown
