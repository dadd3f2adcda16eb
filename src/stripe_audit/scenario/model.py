"""What a scenario may say. The JSON Schema and every error message are drawn from these models.

A step names one action (``pay``, ``deliver``, ``expect`` …). Texts may hold ``{{ … }}``, which ``templates.py`` fills
in from what earlier steps saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from stripe_audit.check import NEEDS, RESOURCES
from stripe_audit.models import Severity
from stripe_audit.phases import TASKS
from stripe_audit.scenario.conditions import Eventually, Expect, Expression, Stays
from stripe_audit.scenario.steps import (
    Advance,
    Authenticate,
    Cancel,
    Capture,
    CreateCheckout,
    CreateCustomer,
    CreatePayment,
    CreateSubscription,
    Deliver,
    Dispute,
    FaultStep,
    Fixture,
    Hold,
    Kill,
    Name,
    NotificationsStep,
    Pay,
    Refund,
    Request,
    Restart,
    RowsStep,
    StripeCall,
    Template,
    Value,
)

__all__ = ["ACTIONS", "Explore", "ScenarioModel", "StepModel", "TightenedUses"]

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Explore(_Model):
    """A journey is gone again and again, and told of in ever other orders; the order must end as the conditions say."""

    of: Name = Field("payment", description="what the steps make; its events are kept back")
    steps: list[StepModel] = Field(min_length=1, description="the journey, with hold: true")
    that: dict[Expression, Value] = Field(min_length=1, description="conditions on the order at the end")
    sequences: int = Field(50, ge=1, le=5000, description="how many orders at most")
    seconds: float = Field(10.0, gt=0, le=3600, description="when no new one is begun")
    most_deliveries: int = Field(5000, ge=1, le=100_000, description="how many events are delivered at most")
    exhaustive: int = Field(3, ge=0, le=4, description="every beginning of so many events; then by chance")
    search: Literal["chance", "hypothesis"] = Field(
        "chance", description="what comes after the beginnings; hypothesis needs the extra explore"
    )
    seed: int = 0
    otherwise: str | None = Field(None, description="the finding's title")
    severity: Severity | None = None


class StepModel(_Model):
    """One step: an action, and perhaps a name for the report and a name to save what came of it under."""

    name: str | None = Field(None, min_length=1, max_length=120, description="what the report calls the step")
    save: Name | None = Field(None, description="a name for what came of it, for {{ … }} in later steps")
    when: bool | Template | None = Field(None, description="do it only where this is true, for rows of a matrix")
    request: Request | None = None
    create_payment: CreatePayment | None = None
    create_customer: CreateCustomer | None = None
    create_checkout: CreateCheckout | None = None
    create_subscription: CreateSubscription | None = None
    pay: Pay | None = None
    authenticate: Authenticate | None = None
    capture: Capture | None = None
    cancel: Cancel | None = None
    refund: Refund | None = None
    dispute: Dispute | None = None
    stripe: StripeCall | None = None
    advance: Advance | None = None
    hold: Hold | None = None
    deliver: Deliver | None = None
    fault: FaultStep | None = None
    lift: Name | None = Field(None, description="the name of a fault that is over")
    restart: Restart | None = None
    kill: Kill | None = None
    rows: RowsStep | None = None
    notifications: NotificationsStep | None = None
    expect: Expect | None = None
    eventually: Eventually | None = None
    stays: Stays | None = None
    explore: Explore | None = None
    together: list[StepModel] | None = Field(None, min_length=1, description="steps at the same moment")
    include: str | None = Field(None, description="a file whose steps stand here")
    fixture: Fixture | str | None = Field(None, description="a Stripe CLI fixture file, run as the CLI runs it")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        """``- restart:`` is a step with nothing more to say."""
        if not isinstance(value, dict):
            return value
        return {key: {} if item is None and key in ACTIONS else item for key, item in value.items()}

    @model_validator(mode="after")
    def _one_action(self) -> StepModel:
        given = [name for name in ACTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"does {' and '.join(given)}" if given else "does nothing"
            raise ValueError(f"a step does one thing, and this one {told}; known are {', '.join(ACTIONS)}")
        return self

    @property
    def action(self) -> str:
        """The name of what it does."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)

    @property
    def body(self) -> Any:
        """What the action says."""
        return getattr(self, self.action)

    def all(self) -> Iterator[StepModel]:
        """The step, and those inside it."""
        yield self
        for step in (*(self.together or ()), *(self.explore.steps if self.explore else ())):
            yield from step.all()


ACTIONS = tuple(name for name in StepModel.model_fields if name not in ("name", "save", "when"))


class TightenedUses(_Model):
    """Resources to be used alone, beyond those that the steps use alone anyway."""

    alone: list[Literal["target", "stripe", "faults", "clock", "deliveries", "process", "load"]]


def _known(values: list[str]) -> list[str]:
    for value in values:
        if value not in NEEDS:
            raise ValueError(f"unknown need {value!r}; known are {', '.join(NEEDS)}")
    return values


def _task(value: str) -> str:
    if value not in TASKS:
        raise ValueError("one of 1.1 to 6.4, in quotes")
    return value


def _identity(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("kebab case of two words or more")
    return value


Identity = Annotated[str, AfterValidator(_identity)]
Text = Annotated[str, Field(min_length=1)]
Row = dict[Name, str | bool | int | Decimal | None]


class ScenarioModel(_Model):
    """The whole of a scenario's file."""

    version: Literal[1] = 1
    id: Identity = Field(description="the file's name with hyphens; permanent")
    formerly: list[Identity] = Field(default_factory=list, description="earlier ids, so that baselines stay valid")
    task: Annotated[str, AfterValidator(_task)] = Field(description='the task it belongs to, such as "6.1"')
    severity: Severity = Field(description="for findings that name none")
    title: Text = Field(description="the property that a sound target has")
    what: Text = Field(description="what it checks")
    why: Text = Field(description="why it matters")
    fix: Text = Field(description="how to fix what it finds")
    references: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    needs: Annotated[list[str], AfterValidator(_known)] = Field(
        default_factory=list, description="needed beyond what the steps show"
    )
    effect: Literal["probe", "write", "fault", "load"] | None = Field(
        None, description="only to say more than the steps show"
    )
    uses: TightenedUses | None = None
    requires: list[Identity] = Field(default_factory=list, description="ids of checks that must have passed")
    timeout: Annotated[float, Field(gt=0, le=3600)] | None = Field(None, description="seconds")
    matrix: list[Row] | dict[Name, list[str | bool | int | Decimal]] | None = Field(
        None, description="rows, or lists that are combined each with each; every row runs all steps"
    )
    steps: list[StepModel] = Field(default_factory=list)
    fixture: Fixture | str | None = Field(None, description="a Stripe CLI fixture file in the place of steps")
    finally_: list[StepModel] = Field(default_factory=list, alias="finally", description="whatever came before")

    @model_validator(mode="after")
    def _something(self) -> ScenarioModel:
        if bool(self.steps) == (self.fixture is not None):
            raise ValueError("give steps, or one fixture in their place")
        return self

    @property
    def all_steps(self) -> Iterator[StepModel]:
        """Every step, also those inside others and the final ones."""
        for step in (*self.steps, *self.finally_):
            yield from step.all()


assert set(TightenedUses.model_fields["alone"].annotation.__args__[0].__args__) == set(RESOURCES)  # type: ignore[union-attr]
