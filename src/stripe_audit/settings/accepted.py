"""Findings that a project has decided to accept: for a reason, by an owner, until a day."""

from __future__ import annotations

from datetime import date

from pydantic import Field, ValidationError, field_validator

from stripe_audit.errors import UsageError
from stripe_audit.models import Severity
from stripe_audit.settings.strict import Strict

__all__ = ["AcceptedSettings", "new_entry"]


class AcceptedSettings(Strict):
    """One accepted finding. A route or discriminator that is left out stands for any."""

    check: str = Field(min_length=1)
    route: str | None = None
    discriminator: str = ""
    owner: str = Field(min_length=1, description="who answers for it")
    reason: str = Field(min_length=1)
    until: str | None = Field(None, description="the last day, as 2027-01-31; after it the finding fails the run again")
    title: str | None = Field(None, description="for the reader")
    severity: Severity | None = Field(None, description="for the reader")

    @field_validator("until")
    @classmethod
    def _is_day(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                date.fromisoformat(value)
            except ValueError:
                raise ValueError("must be a day, as 2027-01-31") from None
        return value


def new_entry(**values: object) -> AcceptedSettings:
    """An entry from a user's words. Raises UsageError that names the first that is wrong."""
    try:
        return AcceptedSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        told = str(first["msg"]).removeprefix("Value error, ")
        hint = "--owner NAME --reason TEXT --until 2027-01-31"
        raise UsageError(f"--{first['loc'][0]}: {told}", hint=hint) from None
