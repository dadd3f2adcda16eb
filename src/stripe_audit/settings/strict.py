"""What every part of the settings has in common: unknown keys are errors, and no error shows a value."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Strict"]


class Strict(BaseModel):
    """Frozen. A value that does not fit may be a secret, so it is hidden."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)
