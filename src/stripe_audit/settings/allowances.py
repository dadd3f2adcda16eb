"""What a project has decided to accept, each with its reason: secrets that are none, scripts of the payment page."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from stripe_audit.settings.strict import Strict

__all__ = ["AllowedSecretSettings", "PageScriptSettings"]


class AllowedSecretSettings(Strict):
    """A value in the source that has the form of a secret and may stay there for a while."""

    path: str = Field(min_length=1, description="of the file below target.root; * stands for anything")
    masked: str | None = Field(
        None, description="the value as findings show it (sk_test_…4f2a); else every value there"
    )
    reason: str = Field(min_length=3, description="why it may stay; reports show it")
    until: date = Field(description="the last day on which it may")


class PageScriptSettings(Strict):
    """A script that may run on the payment page (PCI DSS 6.4.3)."""

    source: str = Field(
        min_length=1,
        description="its address, where * stands for anything; a path for one of the target's own; or "
        "sha256-… of an inline one",
    )
    reason: str = Field(min_length=3, description="why the page needs it")
