"""The steps that judge: what conditions are about, and what they say."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from stripe_audit.models import Severity
from stripe_audit.scenario.steps import Action, Name, Seconds, Template, Value
from stripe_audit.scenario.templates import check_expression

__all__ = ["SUBJECTS", "Conditions", "Eventually", "Expect", "Expression", "Stays"]

Expression = Annotated[str, AfterValidator(check_expression)]


class Conditions(Action):
    """Conditions on one subject. ``that`` maps JMESPath expressions over it to wanted values."""

    order: Name | None = Field(None, description="the order of a saved payment or checkout")
    answer: Name | None = Field(None, description="a saved answer: status, ok, json, text, ms, headers")
    stripe: Template | None = Field(None, description="an object of Stripe's API by its path")
    value: Value = Field(None, description="anything saved, as {{ … }}")
    rows: Name | None = Field(None, description="a name in observers.rows, with of: count, rows")
    logs: list[Template] | None = Field(
        None, description="log lines with all these texts, and about what of names: count, levels, lines, fields"
    )
    mail: Template | None = Field(None, description="mails to this address: count, subjects, bodies")
    notifications: list[Template] | None = Field(
        None, description="notifications with all these texts, about what of names: count, paths, texts, fields"
    )
    of: Name | None = Field(None, description="with rows, logs, notifications: the saved payment that they are about")
    at: Template | None = Field(None, description="with notifications: to paths that begin so")
    deliveries: Name | None = Field(None, description="webhook events about what was made: types, held, refused")
    expand: list[str] = Field(default_factory=list, description="with stripe: what to expand")
    that: dict[Expression, Value] = Field(min_length=1)
    otherwise: str | None = Field(None, description="the finding's title")
    severity: Severity | None = None
    control: bool = Field(False, description="where it does not hold, nothing can be judged; no finding")

    @model_validator(mode="after")
    def _one_subject(self) -> Conditions:
        given = [name for name in SUBJECTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"conditions are about one subject of {', '.join(SUBJECTS)}")
        if self.of and given[0] not in _ABOUT:
            raise ValueError(f"of belongs to {', '.join(_ABOUT)}")
        if self.rows and not self.of:
            raise ValueError("rows are those of a payment; say which, as of: payment")
        if self.at and given[0] != "notifications":
            raise ValueError("at belongs to notifications")
        return self

    @property
    def subject(self) -> str:
        """What the conditions are about."""
        return next(name for name in SUBJECTS if getattr(self, name) is not None)


SUBJECTS = ("order", "answer", "stripe", "value", "rows", "logs", "mail", "notifications", "deliveries")
_ABOUT = ("rows", "logs", "notifications")


class Expect(Conditions):
    """Conditions that hold now; else there is a finding."""


class Eventually(Conditions):
    """Conditions that hold within so many seconds (default: audit.patience); else there is a finding."""

    within: Seconds | None = None


class Stays(Conditions):
    """Conditions that hold, and go on holding for so many seconds; else there is a finding."""

    during: Annotated[float, Field(gt=0, le=60)] = 0.3
