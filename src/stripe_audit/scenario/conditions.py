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
    logs: list[Template] | None = Field(None, description="log lines with all these texts: count, levels, lines")
    mail: Template | None = Field(None, description="mails to this address: count, subjects, bodies")
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
        return self

    @property
    def subject(self) -> str:
        """What the conditions are about."""
        return next(name for name in SUBJECTS if getattr(self, name) is not None)


SUBJECTS = ("order", "answer", "stripe", "value", "logs", "mail", "deliveries")


class Expect(Conditions):
    """Conditions that hold now; else there is a finding."""


class Eventually(Conditions):
    """Conditions that hold within so many seconds (default: audit.patience); else there is a finding."""

    within: Seconds | None = None


class Stays(Conditions):
    """Conditions that hold, and go on holding for so many seconds; else there is a finding."""

    during: Annotated[float, Field(gt=0, le=60)] = 0.3
