"""Where a secret in the settings comes from. None is ever shown."""

from __future__ import annotations

from pydantic import Field, SecretStr, model_validator

from stripe_audit.settings.strict import Strict

__all__ = ["Secret", "SecretSource"]


class SecretSource(Strict):
    """Where a secret comes from: an environment variable (then the target's env files), or made anew for each run."""

    env: str | None = Field(None, description="name of an environment variable, or of a variable in target.env_files")
    generated: bool = Field(False, description="made for each run; for targets that the audit launches")

    @model_validator(mode="after")
    def _one(self) -> SecretSource:
        if bool(self.env) == self.generated:
            raise ValueError("give either env: NAME or generated: true")
        return self


Secret = SecretStr | SecretSource
